/** Test fixture: a TLS server behind the first words of PostgreSQL. */
import { connect } from "node:net";
import { startFakeServer } from "../../testing/fake-server.ts";
import type { TlsServer } from "../../tls/testing/tls-server.ts";
import { isSslRequest } from "./fake-postgresql.ts";

/** Says yes to TLS and then hands everything through to `server`, which ends with it. */
export async function offerTls(server: TlsServer): Promise<TlsServer> {
  const front = await startFakeServer((socket) => {
    const behind = connect(server.port, "127.0.0.1");
    behind.on("error", () => socket.destroy());
    behind.on("data", (chunk) => socket.write(chunk));
    behind.on("close", () => socket.end());
    socket.on("close", () => behind.destroy());
    socket.on("data", (chunk) => {
      if (isSslRequest(chunk)) socket.write("S");
      else behind.write(chunk);
    });
  });
  return {
    ...server,
    port: front.port,
    async close() {
      await front.close();
      await server.close();
    },
  };
}
