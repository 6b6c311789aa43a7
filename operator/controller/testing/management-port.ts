/** Test fixture: the management port on a free port of this machine, and clients of it. */
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Registry } from "prom-client";
import { startManagement } from "../management.ts";

/** Milliseconds: the server's timeout for one request, its clock of one second, and some slack. */
export const SLOW_CLIENT_MILLISECONDS = 8_000;

/** It listens until `close`, which ends its clients too. */
export interface ManagementPort {
  server: Server;
  url: string;
  /** A connection from another address of this machine than the probe's. */
  attacker(): Socket;
  close(): void;
}

/** Listens; ready unless `whyNotReady` says otherwise. */
export async function openManagementPort(
  registry: Registry,
  whyNotReady: () => string | undefined = () => undefined,
): Promise<ManagementPort> {
  const clients: Socket[] = [];
  const server = await startManagement({ port: 0, registry, whyNotReady });
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    attacker() {
      const socket = connect({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
      socket.on("error", () => {});
      clients.push(socket);
      return socket;
    },
    close() {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
