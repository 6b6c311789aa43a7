/** Of long answers one is read on at a time, and nobody's deadline runs while he waits. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, jest, test } from "@jest/globals";
import { AnswerTooLarge } from "./api-error.ts";
import { type FakeApi, reply, startFakeApi, until } from "./testing/fake-api-server.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const MIB = 1024 * 1024;
const LONG = "<".repeat(2 * MIB);
const { signal } = new AbortController();
let api: FakeApi;

afterEach(() => api.close());

const read = (path: string, options: object = {}) =>
  api.client.request<{ text: string }>({ method: "GET", path, ...options });

test("a long answer waits, longer than its deadline; a short one does not", async () => {
  api = await startFakeApi(({ path }, response) =>
    reply(response, 200, { text: path === "/long" ? LONG : "" }),
  );
  const leave = await api.client.longReads(signal);
  const deadlineMilliseconds = 1_000;
  let isRead = false;
  const long = read("/long", { deadlineMilliseconds }).finally(() => {
    isRead = true;
  });
  await read("/short");
  await sleep(deadlineMilliseconds * 1.5);
  expect(isRead).toBe(false);
  leave();
  expect((await long).text).toHaveLength(LONG.length);
});

test("its deadline begins anew with its turn, and the turn goes on when it is over", async () => {
  api = await startFakeApi((_, response) => {
    response.writeHead(200);
    response.write(LONG);
  });
  const endless = read("/endless", { deadlineMilliseconds: 300 });
  await expect(endless).rejects.toThrow("no answer within 300 ms");
  await api.client.longReads(signal);
});

test("the turn goes on after an answer that is too large, and after one that was cut off", async () => {
  api = await startFakeApi(({ path }, response) => {
    if (path === "/long") return reply(response, 200, { text: LONG });
    response.writeHead(200, { "content-length": String(3 * MIB) });
    return response.write(LONG, () => response.destroy());
  });
  await expect(read("/long", { maxBytes: 1.5 * MIB })).rejects.toBeInstanceOf(AnswerTooLarge);
  await expect(read("/cut")).rejects.toThrow("while calling GET /cut");
  expect((await read("/long")).text).toHaveLength(LONG.length);
});

test("a caller can end a call that waits", async () => {
  api = await startFakeApi((_, response) => reply(response, 200, { text: LONG }));
  const leave = await api.client.longReads(signal);
  const ending = new AbortController();
  const call = read("/long", { signal: ending.signal });
  call.catch(() => undefined);
  await until("it is under way", () => api.seen.length === 1);
  await sleep(200);
  ending.abort(new Error("enough"));
  await expect(call).rejects.toThrow("while calling GET /long: enough");
  leave();
  await api.client.longReads(signal);
});
