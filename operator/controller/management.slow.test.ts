/** Clients of the management port that are slow on purpose. */
import { afterEach, expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import { closed } from "../webhook/testing/tls-client.ts";
import {
  type ManagementPort,
  openManagementPort,
  SLOW_CLIENT_MILLISECONDS,
} from "./testing/management-port.ts";

let management: ManagementPort | undefined;
afterEach(() => management?.close());

test(
  "a client that sends nothing, half a head or half a body is cut off",
  async () => {
    management = await openManagementPort(new Registry());
    const { attacker } = management;
    const head = "POST /other HTTP/1.1\r\nHost: localhost\r\n";
    const slow = ["", head, `${head}Content-Length: 100\r\n\r\nx`].map((text) => {
      const socket = attacker();
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
    management = await openManagementPort(registry);
    const { attacker, server } = management;
    const gone = new Promise<void>((resolve) => {
      server.on("connection", (socket) => socket.once("close", resolve));
    });
    const socket = attacker();
    socket.pause();
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const begun = Date.now();
    await gone;
    expect(Date.now() - begun).toBeLessThan(SLOW_CLIENT_MILLISECONDS);
  },
  SLOW_CLIENT_MILLISECONDS + 1_000,
);
