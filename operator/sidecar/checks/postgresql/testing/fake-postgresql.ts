/** Test fixture: messages of a PostgreSQL server, for faults that a real one cannot be made to have. */
import type { Socket } from "node:net";

/** The four bytes of a number. */
export const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

/** A message: its type's letter, its length, its body. */
export function message(type: string, ...body: (Buffer | string)[]): Buffer {
  const bytes = Buffer.concat(body.map((part) => Buffer.from(part as string)));
  return Buffer.concat([Buffer.from(type), int32(bytes.length + 4), bytes]);
}

/** An error that ends the session, with its SQLSTATE and a text. */
export function fatal(sqlState: string, text = "text of a driver that must not leave"): Buffer {
  return message("E", `SFATAL\0C${sqlState}\0M${text}\0\0`);
}

/** Logged in without a password. */
export const LOGGED_IN = Buffer.concat([
  message("R", int32(0)),
  message("S", "server_version\x0015.0\0"),
  message("K", int32(1), int32(2)),
  message("Z", "I"),
]);

/** A request for the password in clear. */
export const ASK_PASSWORD = message("R", int32(3));

const COLUMN = Buffer.concat([
  Buffer.from("c\0"),
  int32(0),
  Buffer.from([0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]),
]);

/** Answers to `SELECT`: one row with one column, after the answer to a SET. */
export const ONE_ROW = Buffer.concat([
  message("C", "SET\0"),
  message("T", Buffer.from([0, 1]), COLUMN),
  message("D", Buffer.from([0, 1]), int32(1), "1"),
  message("C", "SELECT 1\0"),
  message("Z", "I"),
]);

const SSL_REQUEST_CODE = 80877103;

/** Serves one connection in clear: refuses TLS, lets everyone in and answers every query with one row. */
export function servePostgresql(socket: Socket): void {
  socket.on("data", (chunk) => {
    if (isSslRequest(chunk)) socket.write("N");
    else if (chunk[0] === 0) socket.write(LOGGED_IN);
    else if (chunk.toString("latin1", 0, 1) === "Q") socket.write(ONE_ROW);
    else socket.end();
  });
}

/** Refuses TLS and answers the startup message with `answer`. */
export function answerStartup(answer: Buffer): (socket: Socket) => void {
  return (socket) =>
    socket.on("data", (chunk) => {
      if (isSslRequest(chunk)) socket.write("N");
      else if (chunk[0] === 0) socket.end(answer);
    });
}

/** The TLS alert "handshake failure". */
const HANDSHAKE_FAILURE = Buffer.from([21, 3, 3, 0, 2, 2, 40]);

/** Says yes to TLS over the first connection and refuses its handshake; those that follow, `serve` has. */
export function refuseHandshake(serve: (socket: Socket) => void): (socket: Socket) => void {
  let isFirst = true;
  return (socket) => {
    if (!isFirst) return serve(socket);
    isFirst = false;
    socket.on("data", (chunk) => {
      if (isSslRequest(chunk)) socket.write("S");
      else socket.end(HANDSHAKE_FAILURE);
    });
  };
}

/** Whether the first message of a connection asks for TLS. */
export function isSslRequest(chunk: Buffer): boolean {
  return chunk.length === 8 && chunk.readInt32BE(4) === SSL_REQUEST_CODE;
}
