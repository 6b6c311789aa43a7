/** The first message of a client of TLS, whole before anything is set up for it. */
import type { Socket } from "node:net";
import type { Server } from "node:tls";

/** Of a record: its kind, a version, and the length of what follows (RFC 8446, section 5.1). */
const RECORD_HEAD_BYTES = 5;
/** Of a message of the handshake: its kind, and the length of what follows in three bytes (section 4). */
const MESSAGE_HEAD_BYTES = 4;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
/**
 * The longest first message in bytes, its head included. API servers send 0.3 KB, 1.6 KB with a key of ML-KEM
 * (Go 1.26). OpenSSL takes 128 KiB and holds all of it until it is whole: 228 KB for each client that keeps the last
 * byte back.
 */
const MAX_HELLO_BYTES = 8 * 1024;

/**
 * The pieces that it may come in: packets hold more than 256 bytes each. 8 KiB byte by byte took 15 ms of CPU, twenty
 * times as much as a handshake.
 */
const MAX_HELLO_PIECES = 32;

/**
 * What the first bytes of a client are: a ClientHello that is whole, one that may become so, or none that is taken. It
 * has to be one record and no more: clients wait for the server's answer to it, and only those who hide from
 * censors send it in several.
 */
export function judgeHello(received: Buffer): "whole" | "begun" | "none" {
  if (received.length < RECORD_HEAD_BYTES + MESSAGE_HEAD_BYTES) return "begun";
  const messageBytes = received.readUInt16BE(3);
  const isHello =
    received[0] === HANDSHAKE_RECORD &&
    received[RECORD_HEAD_BYTES] === CLIENT_HELLO &&
    received.readUIntBE(RECORD_HEAD_BYTES + 1, 3) + MESSAGE_HEAD_BYTES === messageBytes;
  const missing = RECORD_HEAD_BYTES + messageBytes - received.length;
  if (!isHello || messageBytes > MAX_HELLO_BYTES || missing < 0) return "none";
  return missing === 0 ? "whole" : "begun";
}

/** Ends the connection after `milliseconds`, unless the timer is cleared before. */
function deadlineOf(socket: Socket, milliseconds: number): NodeJS.Timeout {
  const deadline = setTimeout(() => socket.destroy(), milliseconds);
  socket.once("close", () => clearTimeout(deadline));
  return deadline;
}

/** Resets are the client's business. */
const ignoreReset = () => undefined;

/** Calls `begin` once the client's hello is whole, and left for it to read; ends the connection of any other client. */
function awaitHello(socket: Socket, milliseconds: number, begin: () => void): void {
  const deadline = deadlineOf(socket, milliseconds);
  let received: Buffer = Buffer.alloc(0);
  let pieces = 0;
  const end = () => socket.destroy();
  const take = (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    pieces += 1;
    const judged = pieces > MAX_HELLO_PIECES ? "none" : judgeHello(received);
    if (judged === "begun") return;
    // Listeners that stayed would keep what was received for as long as the connection.
    socket.off("data", take).off("end", end);
    clearTimeout(deadline);
    if (judged === "none") return end();
    socket.pause();
    socket.unshift(received);
    begin();
  };
  socket.on("data", take).on("end", end).on("error", ignoreReset);
}

/**
 * Has `server` set up TLS for a connection once its client's hello is whole; to be called before others listen for its
 * connections. A client that has not sent it within `milliseconds`, or sends anything else, loses the connection
 * without an answer.
 */
export function helloFirst(server: Server, milliseconds: number): void {
  const setUp = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    awaitHello(socket, milliseconds, () => {
      for (const listener of setUp) listener.call(server, socket);
    });
  });
}
