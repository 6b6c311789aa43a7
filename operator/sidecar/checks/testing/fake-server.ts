/** Test fixture: a TCP server that misbehaves on demand and remembers its connections. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/** A listening fake on 127.0.0.1. */
export interface FakeServer {
  port: number;
  /** Connections accepted so far. */
  accepted(): number;
  /** Whether a connection was accepted and every one is closed again. */
  sawClose(): boolean;
  /** Bytes written to all connections so far. */
  written(): number;
  close(): Promise<void>;
}

/** The least that is written at once without end. */
const PIECE_LENGTH = 32 * 1024;

/** Starts a server that does `onConnection` with each connection. */
export async function startFakeServer(onConnection: (socket: Socket) => void): Promise<FakeServer> {
  return trackServer(createServer(), onConnection);
}

/** Starts `server`, whatever it speaks, on a free port or the given one, and follows its TCP connections. */
export async function trackServer(
  server: Server,
  onConnection: (socket: Socket) => void = () => {},
  listen: { host: string; port: number } = { host: "127.0.0.1", port: 0 },
): Promise<FakeServer> {
  const sockets: Socket[] = [];
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    // A socket that nobody reads from never learns that its peer has gone.
    socket.resume();
    onConnection(socket);
  });
  server.listen(listen);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return {
    port: address.port,
    accepted: () => sockets.length,
    sawClose: () => sockets.length > 0 && sockets.every((socket) => socket.closed),
    written: () => sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Writes `chunk` again and again for as long as the connection takes it. */
export function writeForEver(socket: Socket, chunk: Buffer): void {
  // In large pieces: a kernel that takes small ones at once would keep this process from anything else.
  const piece = Buffer.concat(Array(Math.ceil(PIECE_LENGTH / chunk.length)).fill(chunk));
  const pump = () => {
    while (!socket.destroyed && socket.write(piece));
    socket.once("drain", pump);
  };
  pump();
}

/** Writes `bytes` one by one, the first at once and then one a second. */
export function drip(socket: Socket, bytes: Buffer): void {
  let next = 0;
  const write = () => {
    if (next < bytes.length) socket.write(bytes.subarray(next, ++next));
  };
  const timer = setInterval(write, 1_000);
  socket.once("close", () => clearInterval(timer));
  write();
}
