/** Test fixture: a client of bare sockets, for requests that no HTTP library sends. */
import { connect, type Socket } from "node:net";

/** One connection. */
export interface RawClient {
  socket: Socket;
  /** Resolves with all that came, once the connection is closed. */
  closed: Promise<string>;
  /** All that has come so far. */
  received(): string;
}

/** How it connects. */
export interface RawClientOptions {
  /** An address of this machine to come from. */
  localAddress?: string;
  /** Leave its own side open when the server has ended. */
  allowHalfOpen?: boolean;
}

/** Connects to `port` and sends `text`. */
export function rawClient(port: number, text: string, options: RawClientOptions = {}): RawClient {
  const socket = connect({ port, host: "127.0.0.1", ...options });
  let received = "";
  socket.on("data", (data) => {
    received += data;
  });
  socket.on("error", () => {});
  if (text !== "") socket.write(text);
  const closed = new Promise<string>((resolve) => {
    socket.on("close", () => resolve(received));
  });
  return { socket, closed, received: () => received };
}
