/** Answers that do not fit into a datagram, or are none. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test } from "@jest/globals";
import { leavingNothing } from "../testing/contract.ts";
import { encodeQuery, MAX_MESSAGE_BYTES } from "./dns-message.ts";
import { sendQuery } from "./send-query.ts";
import { type FakeDnsOverTcp, record, startFakeDnsOverTcp } from "./testing/fake-dns-over-tcp.ts";

const QUERY = encodeQuery(1, "db.test", "A") ?? Buffer.alloc(0);
const QUERY_FOR_LONG = {
  query: QUERY,
  signal: new AbortController().signal,
  againMilliseconds: 1_500,
};
const address = (last: number) => record(1, Buffer.from([10, 0, 0, last]));
/** Containers are often started without IPv6, even on the loopback interface. */
const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some((own) => own.address === "::1"),
);
const ALIAS = record(5, Buffer.from([1, 97, 0]));

describe("over TCP", () => {
  let dns: FakeDnsOverTcp;
  afterEach(() => dns.close());

  let told: number;
  const ask = (tcpOnly = false) => {
    told = 0;
    const onQuery = () => {
      told += 1;
    };
    return sendQuery({ ...QUERY_FOR_LONG, server: dns.server, tcpOnly, onQuery });
  };

  test("where an answer over UDP holds no address and is not whole", async () => {
    dns = await startFakeDnsOverTcp([address(1), address(2)]);
    expect(await leavingNothing(() => ask())).toMatchObject({
      addresses: ["10.0.0.1", "10.0.0.2"],
    });
    expect(dns.questions).toEqual({ udp: 1, tcp: 1 });
    expect(told).toBe(2);
  });

  test("from the start, where resolv.conf wants that", async () => {
    dns = await startFakeDnsOverTcp([address(1)]);
    expect(await ask(true)).toMatchObject({ addresses: ["10.0.0.1"] });
    expect(dns.questions).toEqual({ udp: 0, tcp: 1 });
    expect(told).toBe(1);
  });

  const aliases = Array.from({ length: 4_000 }, () => ALIAS);

  test("of 64 KiB full of aliases no more is looked at than the bound", async () => {
    expect(aliases.length * ALIAS.length).toBeGreaterThan(50 * 1_024);
    dns = await startFakeDnsOverTcp([...aliases, address(1)]);
    expect(await leavingNothing(() => ask())).toMatchObject({ addresses: [], truncated: true });
  });

  test("and an address within the bound is found without waiting for the rest", async () => {
    dns = await startFakeDnsOverTcp([address(1), ...aliases], MAX_MESSAGE_BYTES + 2);
    expect(await ask()).toMatchObject({ addresses: ["10.0.0.1"], truncated: true });
  });
});

describe("datagrams", () => {
  interface Fields {
    flags: number;
    host: "127.0.0.1" | "::1";
  }

  /** Asks a name server that sends `strays` that answer something else before the answer. */
  async function askAfter(strays: number, fields: Partial<Fields> = {}): Promise<unknown> {
    const { flags = 0x81_80, host = "127.0.0.1" } = fields;
    const socket = createSocket(host === "::1" ? "udp6" : "udp4");
    socket.on("message", (query, peer) => {
      const send = (message: Buffer) => socket.send(message, peer.port, peer.address);
      for (let count = 0; count < strays; count += 1) send(Buffer.alloc(12, 0xff));
      const answer = Buffer.concat([query, address(1)]);
      answer.writeUInt16BE(flags, 2);
      answer.writeUInt16BE(1, 6);
      send(answer);
    });
    socket.bind(0, host);
    await once(socket, "listening");
    const server = { address: host, port: socket.address().port };
    try {
      return await sendQuery({ ...QUERY_FOR_LONG, server, tcpOnly: false });
    } finally {
      socket.close();
    }
  }

  test("with addresses are enough where they say that there are more: nothing listens on TCP", async () => {
    expect(await askAfter(0, { flags: 0x83_80 })).toMatchObject({
      addresses: ["10.0.0.1"],
      truncated: true,
    });
  });

  (hasIPv6 ? test : test.skip)("come from a name server that has an address of IPv6", async () => {
    expect(await askAfter(0, { host: "::1" })).toMatchObject({ addresses: ["10.0.0.1"] });
  });

  test("that answer something else are passed over", async () => {
    expect(await leavingNothing(() => askAfter(16))).toMatchObject({ addresses: ["10.0.0.1"] });
  });

  test("that answer something else end it when there are more than a few", async () => {
    await expect(askAfter(17)).rejects.toMatchObject({ reason: "ProtocolError" });
  });
});
