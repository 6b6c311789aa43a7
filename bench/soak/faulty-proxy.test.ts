import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  type FakeServer,
  startFakeServer,
} from "../../operator/sidecar/checks/testing/fake-server.ts";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";

const GREETING = "0123456789";
let server: FakeServer;
let proxy: FaultyProxy;

beforeEach(async () => {
  server = await startFakeServer((socket) => socket.write(GREETING));
  proxy = await startFaultyProxy(server.port);
});

afterEach(async () => {
  await proxy.close();
  await server.close();
});

/** What comes over a new connection until it ends, or the whole greeting. */
async function received(port = proxy.port): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => {
    text += data;
    if (text === GREETING) socket.destroy();
  });
  await once(socket, "close");
  return text;
}

test("what the server says comes through", async () => {
  expect(await received()).toBe(GREETING);
});

test("cut short, and closed", async () => {
  proxy.answerBytes = 4;
  expect(await received()).toBe("0123");
});

test("closed it refuses, open again it answers at the same port", async () => {
  await proxy.close();
  await expect(received()).rejects.toThrow("ECONNREFUSED");
  await proxy.open();
  expect(await received()).toBe(GREETING);
});

test("the server's connection ends with its client's, and the client's with the server's", async () => {
  await received();
  while (!server.sawClose()) await new Promise((resolve) => setTimeout(resolve, 5));
  const ending = await startFakeServer((socket) => socket.end("01"));
  const before = await startFaultyProxy(ending.port);
  expect(await received(before.port)).toBe("01");
  await before.close();
  await ending.close();
});
