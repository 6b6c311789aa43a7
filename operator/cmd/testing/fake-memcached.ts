/** Test fixture: a server that answers `stats` as memcached does, goes away and comes back at the same port. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** The server. A test sets `silent`. */
export interface FakeMemcached {
  port: number;
  /** It accepts connections and answers nothing. */
  silent: boolean;
  /** The connections that are open. */
  sockets: ReadonlySet<Socket>;
  /** Listens again, after `close`. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function startFakeMemcached(): Promise<FakeMemcached> {
  const sockets = new Set<Socket>();
  let server: Server;
  const memcached: FakeMemcached = {
    port: 0,
    silent: false,
    sockets,
    async open() {
      server = createServer((socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        socket.on("error", () => {});
        socket.on("data", () => {
          if (!memcached.silent) socket.write("STAT pid 1\r\nSTAT uptime 5\r\nEND\r\n");
        });
      });
      server.listen(memcached.port, "127.0.0.1");
      await once(server, "listening");
      memcached.port = (server.address() as AddressInfo).port;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  await memcached.open();
  return memcached;
}
