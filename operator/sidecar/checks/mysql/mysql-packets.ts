/** Pure: bytes of a MySQL or MariaDB server -> whole packets, and the other way round. */
import { CheckError } from "../check.ts";
import { cutMessages } from "../network/cut-messages.ts";
import { MAX_BYTES } from "../network/read-until.ts";

/** One packet of either side. */
export interface Packet {
  /** Counts the packets of one exchange, those of both sides together, modulo 256. */
  sequence: number;
  body: Buffer;
}

/** Three bytes of length, which does not count them, and one of sequence. */
const HEADER_LENGTH = 4;

/**
 * Takes the server's bytes in chunks and calls `onPacket` for each whole packet. Throws ProtocolError for a
 * length that no check would read to its end: any text is one, such as a web server's `HTTP/1.1 400`.
 */
export function createPacketReader(onPacket: (packet: Packet) => void): (chunk: Buffer) => void {
  return cutMessages(packetEnd, (message) => {
    onPacket({ sequence: message.readUInt8(3), body: message.subarray(HEADER_LENGTH) });
  });
}

/** Where the first packet ends; infinite while its header has not arrived. */
function packetEnd(bytes: Buffer): number {
  if (bytes.length < HEADER_LENGTH) return Number.POSITIVE_INFINITY;
  const end = HEADER_LENGTH + bytes.readUIntLE(0, 3);
  if (end > MAX_BYTES) throw new CheckError("ProtocolError");
  return end;
}

/** A packet as it goes over the wire. What a check sends is far from the 16 MiB that need several. */
export function packetBytes({ sequence, body }: Packet): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUIntLE(body.length, 0, 3);
  header.writeUInt8(sequence, 3);
  return Buffer.concat([header, body]);
}
