/** A stream to a MySQL or MariaDB server -> its packets one by one, and a way to answer. */
import { CheckError } from "../check.ts";
import { queueMessages } from "../network/message-queue.ts";
import type { ReadSource } from "../network/read-until.ts";
import { writeLast } from "../network/write-last.ts";
import { createPacketReader, type Packet, packetBytes } from "./mysql-packets.ts";
import { problemOfNumber, reasonOfNumber } from "./mysql-reasons.ts";

/** A session as a sequence: each step waits for the packet that must come next. */
export interface Conversation {
  /** The next packet of the exchange that goes on. */
  send(body: Buffer): void;
  /** The first packet of a new exchange. */
  command(body: Buffer): void;
  /** The only packet of the last exchange. Resolves once it is on its way; never rejects. */
  end(body: Buffer): Promise<void>;
  /**
   * The body of the next packet. Rejects with a ServerError when it is an error, with ProtocolError when it is not
   * the next one of its exchange or empty, and with what `queueMessages` rejects with.
   */
  next(): Promise<Buffer>;
}

/** What a server refuses with. Its text is not even read. */
export interface ServerError extends CheckError {
  errorNumber: number;
}

/** The first byte of an error. Then its number, in two bytes, and texts. */
const ERROR = 0xff;
const ERROR_LENGTH = 3;

/** Starts to listen at once. `sequence` is that of the next packet, whichever side sends it. */
export function converse(source: ReadSource, sequence: number): Conversation {
  const nextPacket = queueMessages<Packet>(source, createPacketReader);
  let expected = sequence;
  const send = (body: Buffer) => {
    if (source.stream.writable) source.stream.write(packetBytes({ sequence: expected, body }));
    expected = (expected + 1) % 256;
  };
  return {
    send,
    command(body) {
      expected = 0;
      send(body);
    },
    end: (body) => writeLast(source, packetBytes({ sequence: 0, body })),
    async next() {
      const packet = await nextPacket();
      // An error may come out of turn: servers say so that they shut down.
      if (packet.body[0] === ERROR) throw serverError(packet.body);
      if (packet.sequence !== expected || packet.body.length === 0) {
        throw new CheckError("ProtocolError");
      }
      expected = (expected + 1) % 256;
      return packet.body;
    },
  };
}

/** Reads the packet of an error. */
export function serverError(body: Buffer): CheckError {
  if (body.length < ERROR_LENGTH) return new CheckError("ProtocolError");
  const errorNumber = body.readUInt16LE(1);
  return Object.assign(
    new CheckError(reasonOfNumber(errorNumber), { problem: problemOfNumber(errorNumber) }),
    { errorNumber },
  );
}

/** Whether this is the error of that number. */
export function isServerError(error: unknown, errorNumber: number): boolean {
  return error instanceof CheckError && (error as Partial<ServerError>).errorNumber === errorNumber;
}
