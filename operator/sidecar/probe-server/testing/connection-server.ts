/** Test fixture: serveConnection behind a port, and clients of bare sockets. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type RawClient, type RawClientOptions, rawClient } from "../../testing/raw-client.ts";
import { type AnswerRequest, serveConnection } from "../serve-connection.ts";

/** A request of which nothing is out of the ordinary. */
export const GET = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

/** Serves connections until `close`, which ends its clients too. */
export interface ConnectionServer {
  port: number;
  /** Connects and sends `text`. */
  open(text: string, options?: RawClientOptions): RawClient;
  /** How many connections are open. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Listens on a port of its own; `answerRequest` answers. */
export async function startConnectionServer(
  answerRequest: AnswerRequest,
): Promise<ConnectionServer> {
  const clients: RawClient[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    serveConnection(socket, answerRequest),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    open(text, options) {
      const client = rawClient(port, text, options);
      clients.push(client);
      return client;
    },
    connections: () =>
      new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
    async close() {
      for (const { socket } of clients) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
