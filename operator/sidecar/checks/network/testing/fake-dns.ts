/** Test fixture: a name server on 127.0.0.1 that knows a few names. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { NameServer } from "../send-query.ts";

/** A running name server. */
export interface FakeDns {
  server: NameServer;
  /** The questions so far, as `A name` or `AAAA name`. */
  questions: string[];
  close(): Promise<void>;
}

/**
 * What a name server does with a name: its addresses; none means NXDOMAIN, "NODATA" that there is none
 * of this family, "silence" no answer at all.
 */
export type FakeAnswer = string[] | "silence" | keyof typeof CODES;

const TYPE_AAAA = 28;
const CODES = { NODATA: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** Starts a name server that answers with `answer`; addresses live for `ttl` seconds, at most 255. */
export async function startFakeDns(
  answer: (name: string, type: "A" | "AAAA") => FakeAnswer | Promise<FakeAnswer>,
  ttl: (name: string) => number = () => 1,
): Promise<FakeDns> {
  const socket = createSocket("udp4");
  const questions: string[] = [];
  let closed = false;
  socket.on("message", async (query, peer) => {
    const { name, type, end } = parseQuestion(query);
    const typeName = type === TYPE_AAAA ? "AAAA" : "A";
    questions.push(`${typeName} ${name}`);
    const found = await answer(name, typeName);
    // It may have been closed while the answer took its time.
    if (found === "silence" || closed) return;
    const question = query.subarray(0, end);
    const answered = { type, ttl: ttl(name), ...resultOf(found) };
    socket.send(reply(question, answered), peer.port, peer.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    server: { address: "127.0.0.1", port: socket.address().port },
    questions,
    async close() {
      closed = true;
      socket.close();
      await once(socket, "close");
    },
  };
}

function resultOf(found: string[] | keyof typeof CODES): { code: number; addresses: string[] } {
  if (typeof found === "string") return { code: CODES[found], addresses: [] };
  return { code: found.length === 0 ? CODES.NXDOMAIN : 0, addresses: found };
}

function parseQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let offset = 12;
  for (let length = query.readUInt8(offset); length > 0; length = query.readUInt8(offset)) {
    labels.push(query.toString("latin1", offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join("."), type: query.readUInt16BE(offset + 1), end: offset + 5 };
}

function reply(
  question: Buffer,
  { type, ttl, code, addresses }: { type: number; ttl: number; code: number; addresses: string[] },
): Buffer {
  const records = addresses
    .filter((address) => isIPv6(address) === (type === TYPE_AAAA))
    .map((address) => record({ type, ttl }, address));
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(records.length, 6);
  // No additional records: the query's EDNS option is left out.
  header.writeUInt16BE(0, 10);
  return Buffer.concat([header, question.subarray(12), ...records]);
}

/** A pointer to the question's name, type, class IN, time to live, the address. */
function record({ type, ttl }: { type: number; ttl: number }, address: string): Buffer {
  const data =
    type === TYPE_AAAA ? ipv6Bytes(address) : Buffer.from(address.split(".").map(Number));
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, ttl, 0, data.length]);
  return Buffer.concat([head, data]);
}

function ipv6Bytes(address: string): Buffer {
  const [left = "", right = ""] = address.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const zeros = Array(8 - groups(left).length - groups(right).length).fill("0");
  const all = [...groups(left), ...zeros, ...groups(right)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
