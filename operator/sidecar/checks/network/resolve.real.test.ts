/** Lookups with a real name server, dnsmasq: over UDP, over TCP, and answers of many addresses. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { freePort, type RealServer, startRealServer } from "../testing/real-server.ts";
import { createResolve, type ResolveSources } from "./resolve.ts";
import { look } from "./testing/lookups.ts";

const START_TIMEOUT = 30_000;
const MISSING = "/nonexistent";

/** More than a datagram of 512 bytes holds, and more than are used. */
const MANY = Array.from({ length: 100 }, (_, index) => `10.2.0.${index}`);
/** So long that the aliases alone fill a datagram, and no address is in it. */
const LONG = [1, 2, 3, 4].map((index) => `${`${index}`.repeat(60)}.${"x".repeat(60)}.test`);
const aliases = LONG.slice(1).map((name, index) => `--cname=${LONG[index]},${name}`);

let server: RealServer;
let sources: ResolveSources;
beforeAll(async () => {
  const port = await freePort();
  server = await startRealServer({
    command: "dnsmasq",
    args: [
      ...["--keep-in-foreground", "--no-resolv", "--no-hosts", "--log-facility=-", "--conf-file="],
      ...[
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        `--port=${port}`,
        "--user=",
        "--group=",
      ],
      ...["--pid-file=", "--local=/test/", "--local-ttl=60"],
      "--host-record=both.test,10.0.0.1,2001:db8::1",
      "--cname=alias.test,both.test",
      ...MANY.map((address) => `--host-record=many.test,${address}`),
      `--host-record=${LONG.at(-1)},10.3.0.1`,
      ...aliases,
    ],
    port,
    stopSignal: "SIGTERM",
  });
  sources = {
    hostsPath: MISSING,
    resolvConfPath: MISSING,
    servers: [{ address: "127.0.0.1", port }],
  };
}, START_TIMEOUT);
afterAll(() => server?.stop());

test.each<[string, string[] | string]>([
  ["both.test.", ["10.0.0.1", "2001:db8::1"]],
  ["BOTH.test.", ["10.0.0.1", "2001:db8::1"]],
  ["alias.test.", ["10.0.0.1", "2001:db8::1"]],
  ["none.test.", "HostNotFound"],
  // It knows of no other name server.
  ["elsewhere.example.", "ResolverFailed"],
  [`${LONG[0]}.`, ["10.3.0.1"]],
])("%s: %j", async (host, expected) => {
  expect(await look(host, createResolve(sources), { limit: 2_000 })).toEqual(expected);
});

test("more addresses than a datagram holds", async () => {
  const found = await look("many.test.", createResolve(sources), { limit: 2_000 });
  expect(found).toHaveLength(16);
  for (const address of found) expect(MANY).toContain(address);
});
