/** Clients of the management port that are slow on purpose. */
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import { closed } from "../webhook/testing/tls-client.ts";
import { startManagement } from "./management.ts";

/** The timeout of the server for one request, its clock of one second, and some slack. */
const SLOW_CLIENT_MILLISECONDS = 8_000;

let server: Server | undefined;
const clients: Socket[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server?.closeAllConnections();
  server?.close();
});

/** A connection to the management port of `registry`, as soon as that listens. */
async function connectTo(registry: Registry): Promise<() => Socket> {
  server = await startManagement({ port: 0, registry, whyNotReady: () => undefined });
  const { port } = server.address() as AddressInfo;
  return () => {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    clients.push(socket);
    return socket;
  };
}

test(
  "a client that sends nothing, half a head or half a body is cut off",
  async () => {
    const open = await connectTo(new Registry());
    const head = "POST /other HTTP/1.1\r\nHost: localhost\r\n";
    const slow = ["", head, `${head}Content-Length: 100\r\n\r\nx`].map((text) => {
      const socket = open();
      socket.write(text);
      return closed(socket, SLOW_CLIENT_MILLISECONDS);
    });
    const answers = await Promise.all(slow);
    expect(answers.filter((text) => text.includes(" 200 "))).toStrictEqual([]);
  },
  SLOW_CLIENT_MILLISECONDS + 1_000,
);

test(
  "a client that takes no answer is cut off",
  async () => {
    const registry = new Registry();
    jest.spyOn(registry, "metrics").mockResolvedValue("x".repeat(64 * 1024 * 1024));
    const open = await connectTo(registry);
    const gone = new Promise<void>((resolve) => {
      server?.on("connection", (socket) => socket.once("close", resolve));
    });
    const socket = open();
    socket.pause();
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const begun = Date.now();
    await gone;
    expect(Date.now() - begun).toBeLessThan(SLOW_CLIENT_MILLISECONDS);
  },
  SLOW_CLIENT_MILLISECONDS + 1_000,
);
