/** Test fixture: packets of a MySQL server, for faults that a real one cannot be made to have. */
import { createPublicKey } from "node:crypto";
import type { Socket } from "node:net";
import { CAPABILITIES } from "../mysql-greeting.ts";
import { packetBytes } from "../mysql-packets.ts";

type Part = Buffer | string | number[];

/** A packet of these parts. */
export function packet(sequence: number, ...parts: Part[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return packetBytes({ sequence, body });
}

const ALL = Object.values(CAPABILITIES).reduce((sum, flag) => sum | flag, 0);

/** What every greeting challenges with. */
export const CHALLENGE: Buffer = Buffer.from("abcdefghijklmnopqrst");

/** What a greeting says. */
interface GreetingOptions {
  version?: string;
  plugin?: string;
  capabilities?: number;
}

/** The first packet of a server, without TLS unless `capabilities` say so. */
export function greeting({
  version = "8.4.0",
  plugin = "mysql_native_password",
  capabilities = ALL & ~CAPABILITIES.tls,
}: GreetingOptions = {}): Buffer {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(capabilities >>> 0);
  return packet(
    0,
    [10],
    `${version}\0`,
    [1, 0, 0, 0],
    CHALLENGE.subarray(0, 8),
    [0],
    flags.subarray(0, 2),
    [45, 2, 0],
    flags.subarray(2),
    [21],
    Buffer.alloc(10),
    CHALLENGE.subarray(8),
    `\0${plugin}\0`,
  );
}

/** The same with TLS. */
export const TLS_GREETING: Buffer = greeting({ capabilities: ALL });

export const ok = (sequence: number) => packet(sequence, [0, 0, 0, 2, 0, 0, 0]);

/** A refusal, with a text. */
export function error(sequence: number, errorNumber: number): Buffer {
  const number = [errorNumber & 255, errorNumber >> 8];
  return packet(sequence, [255], number, "#HY000text of a driver that must not leave");
}

/** The account has another way to log in. */
export const switchTo = (plugin: string, challenge: Part = CHALLENGE, sequence = 2) =>
  packet(sequence, [254], `${plugin}\0`, challenge, [0]);

/** A step of a way to log in. */
export const moreData = (sequence: number, ...data: Part[]) => packet(sequence, [1], ...data);

export const end = (sequence: number) => packet(sequence, [254, 0, 0, 2, 0]);
export const column = (sequence: number) =>
  packet(sequence, "\x03def", [0, 0, 0], "\x011", [0, 12, 63, 0, 1, 0, 0, 0, 3, 129, 0, 0, 0, 0]);
export const row = (sequence: number) => packet(sequence, "\x011");

/** The beginning of a result of one column, up to its first row. */
export const RESULT_HEAD = Buffer.concat([packet(1, [1]), column(2), end(3)]);
/** One row with one column. */
export const ONE_ROW = Buffer.concat([RESULT_HEAD, row(4), end(5)]);

const QUIT = 1;
const QUERY = 3;

/** Writes `first`, and then one of `answers` for each piece that arrives; nothing once they are used up. */
export function converse(first: Buffer, ...answers: Buffer[]): (socket: Socket) => void {
  return (socket) => {
    const left = [...answers];
    socket.write(first);
    socket.on("data", () => {
      const answer = left.shift();
      if (answer) socket.write(answer);
    });
  };
}

/** Lets everyone in and answers every query with one row. */
export function serveMysql(socket: Socket): void {
  socket.write(greeting());
  socket.on("data", (chunk) => {
    const [kind] = chunk.subarray(4);
    if (chunk[3] === 1) socket.write(ok(2));
    else if (kind === QUIT) socket.end();
    else if (kind === QUERY) socket.write(isSetting(chunk) ? ok(1) : ONE_ROW);
  });
}

function isSetting(chunk: Buffer): boolean {
  return chunk.toString("latin1", 5).startsWith("SET ");
}

/** A public RSA key that nobody has the private one of, as a server sends it: finding primes would take seconds. */
export function publicKeyOf(bits: number): Buffer {
  const modulus = Buffer.alloc(bits / 8, 0xa5);
  const jwk = { kty: "RSA", n: modulus.toString("base64url"), e: "AQAB" };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  return Buffer.from(key.export({ type: "spki", format: "pem" }));
}

/** The answers to a login and to the two settings before the query. */
export const LOGGED_IN = [ok(2), ok(1), ok(1)];
