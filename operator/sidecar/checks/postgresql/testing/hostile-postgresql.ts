/** Test fixture: PostgreSQL servers that mean ill; a check of any of them comes to ProtocolError. */
import type { Socket } from "node:net";
import { writeForEver } from "../../testing/fake-server.ts";
import { MAX_ROUNDS } from "../scram.ts";
import { int32, isSslRequest, LOGGED_IN, message } from "./fake-postgresql.ts";

const SASL = message("R", int32(10), "SCRAM-SHA-256\0\0");

/** Answers the client's first nonce by as many challenges as fit into what a check reads. */
export function floodOfChallenges(socket: Socket): void {
  socket.on("data", (chunk) => {
    const nonce = /n=\*,r=([^,]*)$/.exec(chunk.toString("latin1"))?.[1];
    if (isSslRequest(chunk)) socket.write("N");
    else if (chunk[0] === 0) socket.write(SASL);
    else if (nonce !== undefined) {
      const salt = Buffer.from(String(Math.random())).toString("base64");
      const text = `r=${nonce}S,s=${salt},i=${MAX_ROUNDS}`;
      socket.write(Buffer.concat(Array(600).fill(message("R", int32(11), text))));
    }
  });
}

/** After the login, `bytes` without end. */
const afterLogin = (bytes: Buffer) => (socket: Socket) =>
  socket.on("data", (chunk) => {
    if (isSslRequest(chunk)) socket.write("N");
    else if (chunk[0] === 0) writeForEver(socket, Buffer.concat([LOGGED_IN, bytes]));
  });

/** Answers in clear, whatever it is asked, by one error of as many empty fields as fit into what a check reads. */
const errorOfNuls = (socket: Socket) =>
  socket.once("data", () => socket.write(message("E", Buffer.alloc(65_400), "C08P01\0\0")));

/** Name, and how a connection is served. */
export const HOSTILE_POSTGRESQL: [name: string, serve: (socket: Socket) => void][] = [
  ["flood-of-challenges-1", floodOfChallenges],
  ["flood-of-challenges-2", floodOfChallenges],
  ["flood-of-challenges-3", floodOfChallenges],
  ["flood-of-challenges-4", floodOfChallenges],
  ["flood-of-challenges-5", floodOfChallenges],
  ["error-of-nuls", errorOfNuls],
  ["notices-without-end", afterLogin(message("N", "SNOTICE\0C00000\0Mhello\0\0"))],
  ["one-giant-message", afterLogin(Buffer.from([0x44, 0x7f, 255, 255, 255]))],
  ["rows-that-were-not-asked-for", afterLogin(message("D", Buffer.from([0, 0])))],
];
