/** Raw connections to a real server. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, jest, test } from "@jest/globals";
import { closed } from "../webhook/testing/tls-client.ts";
import { type Listener, oneRequestAtATime } from "./one-request-at-a-time.ts";

const DEADLINE_MILLISECONDS = 1_000;
/** From the deadline of the server to what is seen here. */
const SLACK_MILLISECONDS = 3_000;
/** More than the buffers of both kernels take in. */
const UNREADABLE_BYTES = 64 * 1024 * 1024;
const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

const servers: Server[] = [];
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.closeAllConnections();
});

/** A server with one listener for requests and for those that expect something, and a connection to it. */
async function start(answer: Listener) {
  const listener = jest.fn(answer);
  const alone = oneRequestAtATime(DEADLINE_MILLISECONDS);
  const server = createServer(alone(listener)).on("checkExpectation", alone(listener));
  servers.push(server.listen(0).unref());
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port);
  clients.push(client);
  return { client, listener };
}

test("requests that follow the answer to the last one are taken", async () => {
  const { client, listener } = await start((_, response) => response.end("done"));
  for (const _ of Array(20)) {
    client.write(GET);
    await once(client, "data", { signal: AbortSignal.timeout(SLACK_MILLISECONDS) });
  }
  expect(listener).toHaveBeenCalledTimes(20);
});

test.each([
  ["in one piece", GET.repeat(300)],
  ["with expectations", GET.replace("\r\n\r\n", "\r\nExpect: more\r\n\r\n").repeat(300)],
])(
  "a connection that sends ahead %s ends, and only its first request is taken",
  async (_, text) => {
    const { client, listener } = await start((_request, response) => {
      setImmediate(() => response.end("done"));
    });
    client.write(text);
    await closed(client, SLACK_MILLISECONDS);
    expect(listener).toHaveBeenCalledTimes(1);
  },
);

test("a connection ends when a second request comes while the first is answered", async () => {
  const { client, listener } = await start(() => {});
  const end = closed(client, DEADLINE_MILLISECONDS / 2);
  client.write(GET);
  setTimeout(() => client.write(GET), DEADLINE_MILLISECONDS / 10);
  expect(await end).toBe("");
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a connection that sends ahead of an answer which is not yet taken ends, too", async () => {
  const { client, listener } = await start((_, response) =>
    response.end(Buffer.alloc(UNREADABLE_BYTES)),
  );
  client.write(GET.repeat(300));
  await closed(client, SLACK_MILLISECONDS);
  expect(listener).toHaveBeenCalledTimes(1);
});

test("a connection stays when its request was answered in time", async () => {
  const { client, listener } = await start((_, response) => response.end("done"));
  for (const pause of [1.5 * DEADLINE_MILLISECONDS, 0]) {
    client.write(GET);
    await once(client, "data", { signal: AbortSignal.timeout(SLACK_MILLISECONDS) });
    await sleep(pause);
  }
  expect(listener).toHaveBeenCalledTimes(2);
});

test("an answer that nobody reads ends with its connection", async () => {
  const end = Promise.withResolvers<void>();
  const { client } = await start((_, response) => {
    response.once("close", end.resolve);
    response.end(Buffer.alloc(UNREADABLE_BYTES));
  });
  client.pause();
  client.write(GET);
  const begun = Date.now();
  await end.promise;
  expect(Date.now() - begun).toBeLessThan(DEADLINE_MILLISECONDS + SLACK_MILLISECONDS);
});

test("an answer that is taken in time is whole", async () => {
  const { client } = await start((_, response) => {
    response.setHeader("Connection", "close");
    response.end("x".repeat(1024 * 1024));
  });
  client.write(GET);
  expect((await closed(client, SLACK_MILLISECONDS)).match(/x+$/)?.[0]).toHaveLength(1024 * 1024);
});
