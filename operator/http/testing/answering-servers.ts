/** For tests of whoever asks: servers whose answers are written by hand, so that they can be anything. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** What a server does with a connection once it has been asked. */
export type Answer = (socket: Socket) => void;

/** Servers on free ports of 127.0.0.1. */
export interface AnsweringServers {
  /** Starts one; resolves with its port. */
  serve(answer: Answer): Promise<number>;
  /** What each connection was asked first. */
  readonly asked: string[];
  /** All connections there have been. */
  readonly sockets: ReadonlySet<Socket>;
  /** Ends all servers and connections, and forgets what was asked. Resolves when nobody listens any more. */
  close(): Promise<void>;
}

/** None has been started yet. */
export function answeringServers(): AnsweringServers {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const asked: string[] = [];

  async function serve(answer: Answer): Promise<number> {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("data", (data) => {
        asked.push(data.toString());
        answer(socket);
      });
    });
    servers.push(server);
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", resolve);
    await promise;
    return (server.address() as AddressInfo).port;
  }

  return {
    serve,
    asked,
    sockets,
    close: async () => {
      const closed = servers.splice(0).map((server) => {
        const { promise, resolve } = Promise.withResolvers<unknown>();
        server.close(resolve);
        return promise;
      });
      for (const socket of sockets) socket.destroy();
      sockets.clear();
      asked.length = 0;
      await Promise.all(closed);
    },
  };
}

/** The head of an answer whose body has so many bytes. */
export const headOf = (length: number, status = "200 OK"): string =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;

/** Answers with this body, and hangs up. */
export const says =
  (body: string, status?: string): Answer =>
  (socket) =>
    socket.end(headOf(Buffer.byteLength(body), status) + body);

/** Writes `text` byte by byte, each in a packet of its own, and hangs up. */
export function byteByByte(socket: Socket, text: string): void {
  const bytes = Buffer.from(text);
  let sent = 0;
  socket.setNoDelay(true);
  const timer = setInterval(() => {
    socket.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent === bytes.length) socket.end();
  }, 1);
  socket.on("close", () => clearInterval(timer));
}

/** Writes `text` again and again while anybody reads it. */
export function endlessly(socket: Socket, text: string): void {
  const much = text.repeat(Math.ceil(16_384 / text.length));
  const go = () => {
    while (socket.writable && socket.write(much));
  };
  socket.on("drain", go);
  go();
}

/** Writes `text` every 50 ms, for as long as anybody listens. */
export function nowAndThen(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 50);
  socket.on("close", () => clearInterval(timer));
}
