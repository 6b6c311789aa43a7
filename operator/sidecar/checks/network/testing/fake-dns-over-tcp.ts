/** Test fixture: a name server that sends everybody to TCP, and says there whatever a test wants. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { NameServer } from "../send-query.ts";

/** A running name server. */
export interface FakeDnsOverTcp {
  server: NameServer;
  /** How many questions came so far. */
  questions: { udp: number; tcp: number };
  close(): Promise<void>;
}

/** In the header's second 16 bits: an answer, and it is not all of it. */
const TRUNCATED = 0x83_80;
const ANSWER = 0x81_80;
/** A pointer to the question's name. */
const SAME_NAME = Buffer.from([0xc0, 12]);

/** A record of the name that was asked for, with a time to live of a minute. */
export function record(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
  return Buffer.concat([SAME_NAME, head, data]);
}

/**
 * Starts one; an answer over TCP has the question of the query and `records`. After `sentBytes` of it, if that is
 * given, it falls silent.
 */
export async function startFakeDnsOverTcp(
  records: Buffer[],
  sentBytes?: number,
): Promise<FakeDnsOverTcp> {
  const questions = { udp: 0, tcp: 0 };
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (query: Buffer) => {
      questions.tcp += 1;
      const answer = reply(query.subarray(2), ANSWER, records);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]).subarray(0, sentBytes));
    });
  });
  tcp.listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket("udp4");
  udp.on("message", (query, peer) => {
    questions.udp += 1;
    udp.send(reply(query, TRUNCATED, []), peer.port, peer.address);
  });
  udp.bind(port, "127.0.0.1");
  await once(udp, "listening");
  return {
    server: { address: "127.0.0.1", port },
    questions,
    async close() {
      udp.close();
      tcp.close();
      await once(tcp, "close");
    },
  };
}

function reply(query: Buffer, flags: number, records: Buffer[]): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt16BE(0, 10);
  // A name without pointers, its type and class; what a client adds after them is left out.
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  return Buffer.concat([header, question, ...records]);
}
