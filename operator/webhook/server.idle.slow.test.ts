/** Connections that an API server has opened and not used yet. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, jest, test } from "@jest/globals";
import { ADMISSION_PATH } from "../api/names.ts";
import { reviewOf } from "./testing/client.ts";
import { POD, runningWebhooks, SLOW_CLIENT_MILLISECONDS } from "./testing/running-webhooks.ts";

jest.setTimeout(3 * SLOW_CLIENT_MILLISECONDS);

const { start, openConnection, close } = runningWebhooks();
afterEach(close);

test("stay open: a review that is sent as they close would be lost", async () => {
  const { target } = await start();
  const { socket } = await openConnection(target);
  const received = Promise.withResolvers<string>();
  socket.once("data", (data: Buffer) => received.resolve(data.toString()));
  socket.once("close", () => received.resolve("closed"));
  await sleep(SLOW_CLIENT_MILLISECONDS);
  const body = JSON.stringify(reviewOf(POD));
  const head = `POST ${ADMISSION_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json`;
  socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  expect(await received.promise).toMatch(/^HTTP\/1.1 200 OK/);
});

test("end in time once a request has begun on them", async () => {
  const { target } = await start();
  const { socket } = await openConnection(target);
  const closed = new Promise((resolve) => socket.once("close", () => resolve("closed")));
  socket.write("POST");
  expect(await Promise.race([closed, sleep(SLOW_CLIENT_MILLISECONDS, "open")])).toBe("closed");
});
