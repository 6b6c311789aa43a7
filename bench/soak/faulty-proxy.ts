/** Stands before a real server at a port that stays the same, and does what the server itself cannot be told to do. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The proxy. */
export interface FaultyProxy {
  port: number;
  /** How many bytes of a server's answer come through before the connection is closed. */
  answerBytes: number;
  /** Nobody listens any more, and what was open is closed. */
  close(): Promise<void>;
  /** Listens again. */
  open(): Promise<void>;
}

function forward(client: Socket, target: number, answerBytes: number): void {
  const server = connect(target, "127.0.0.1");
  let left = answerBytes;
  client.pipe(server);
  server.on("data", (data) => {
    client.write(data.subarray(0, left));
    left -= data.length;
    if (left <= 0) client.end();
  });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on("error", () => {});
    one.on("close", () => other.destroySoon());
  }
}

/** Listens on a free port of loopback before the server at `target`. */
export async function startFaultyProxy(target: number): Promise<FaultyProxy> {
  const clients = new Set<Socket>();
  let server: Server;
  const proxy: FaultyProxy = {
    port: 0,
    answerBytes: Number.POSITIVE_INFINITY,
    async open() {
      server = createServer((client) => {
        clients.add(client);
        client.on("close", () => clients.delete(client));
        forward(client, target, proxy.answerBytes);
      });
      server.listen(proxy.port, "127.0.0.1");
      await once(server, "listening");
      proxy.port = (server.address() as AddressInfo).port;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const client of clients) client.destroy();
      await closed;
    },
  };
  await proxy.open();
  return proxy;
}
