import { inspect } from "node:util";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { ApiError, isApiError } from "./api-error.ts";
import { endingWith } from "./kube-client.ts";
import {
  type FakeApi,
  type Handler,
  refuse,
  reply,
  startFakeApi,
  until,
} from "./testing/fake-api-server.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let api: FakeApi;

async function start(handler: Handler): Promise<FakeApi> {
  api = await startFakeApi(handler);
  return api;
}

afterEach(() => api.close());

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error("should have failed");
    },
    (error: Error) => error,
  );
}

test("sends credentials, query and body, and gives raw JSON", async () => {
  const { client, seen } = await start((_, response) => reply(response, 200, { future: ["x"] }));
  const answer = await client.request({
    method: "POST",
    path: "/api/v1/things",
    query: { labelSelector: "a=b,c in (d)" },
    body: { unknown: { field: 1 } },
  });
  expect(answer).toEqual({ future: ["x"] });
  const [call] = seen;
  expect(call?.headers.authorization).toBe("Bearer the-token");
  expect(call?.headers["content-type"]).toBe("application/json");
  expect(call?.query.get("labelSelector")).toBe("a=b,c in (d)");
  expect(call?.body).toEqual({ unknown: { field: 1 } });
});

test("server-side apply names its manager, and forces only when told", async () => {
  const { client, seen } = await start((_, response) => reply(response, 200, {}));
  await client.apply({ path: "/x", object: { a: 1 }, fieldManager: "me", force: false });
  await client.apply({ path: "/x", object: {}, fieldManager: "me", force: true, dryRun: true });
  expect(seen.map(({ query }) => Object.fromEntries(query))).toEqual([
    { fieldManager: "me", force: "false" },
    { fieldManager: "me", force: "true", dryRun: "All" },
  ]);
  expect(seen[0]?.method).toBe("PATCH");
  expect(seen[0]?.headers["content-type"]).toBe("application/apply-patch+yaml");
});

test("connections are kept for the next call", async () => {
  const { client, connections } = await start((_, response) => reply(response, 200, {}));
  for (let call = 0; call < 5; call += 1) await client.request({ method: "GET", path: "/x" });
  expect(await connections()).toBe(1);
});

describe("errors", () => {
  test("carry the server's code and reason, and what was being done", async () => {
    const { client } = await start((_, response) => {
      response.setHeader("retry-after", "7");
      refuse(response, 403, "Forbidden");
    });
    const error = await failure(client.request({ method: "GET", path: "/api/v1/secrets" }));
    expect(error.message).toBe("while calling GET /api/v1/secrets: 403 Forbidden: Forbidden!");
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 403, reason: "Forbidden", retryAfterSeconds: 7 });
    expect([isApiError(error, 403), isApiError(error, 404)]).toEqual([true, false]);
  });

  test("do not repeat what is no Status", async () => {
    const { client } = await start((_, response) => response.writeHead(502).end("<html>secret"));
    const error = await failure(client.request({ method: "GET", path: "/x" }));
    expect(error.message).toBe("while calling GET /x: 502 Unknown: the answer is not a Status");
  });

  test("do not repeat a good answer that is no JSON: it can be a Secret", async () => {
    const { client } = await start((_, response) => response.writeHead(200).end("password"));
    const error = await failure(client.request({ method: "GET", path: "/x" }));
    expect(error.message).toBe("while calling GET /x: the answer is not JSON");
    expect(inspect(error)).not.toContain("password");
  });

  test("a server that does not answer costs no more than the deadline", async () => {
    const { client } = await start(() => undefined);
    const startedAt = performance.now();
    const call = client.request({ method: "GET", path: "/x", deadlineMilliseconds: 100 });
    const error = await failure(call);
    expect(error.message).toBe("while calling GET /x: no answer within 100 ms");
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test("the deadline covers the body", async () => {
    const { client } = await start((_, response) => {
      response.writeHead(200);
      response.write('{"begun":');
    });
    const call = client.request({ method: "GET", path: "/x", deadlineMilliseconds: 100 });
    expect((await failure(call)).message).toContain("no answer within 100 ms");
  });

  test("a caller can end a call", async () => {
    const { client } = await start(() => undefined);
    const controller = new AbortController();
    const call = client.request({ method: "GET", path: "/x", signal: controller.signal });
    controller.abort(new Error("enough"));
    expect((await failure(call)).message).toBe("while calling GET /x: enough");
  });

  test("a connection that breaks within the answer", async () => {
    const { client } = await start((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    });
    expect((await failure(client.request({ method: "GET", path: "/x" }))).message).toMatch(
      /^while calling GET \/x: /,
    );
  });
});

test("a client that ends with a signal ends what is under way, and starts nothing more", async () => {
  const { client, seen } = await start(() => undefined);
  const controller = new AbortController();
  const ending = endingWith(controller.signal, client);
  const apply = { path: "/x", object: {}, fieldManager: "me", force: true };
  const calls = [ending.apply(apply), ending.stream({ method: "GET", path: "/x" })].map(failure);
  await until("both are under way", () => seen.length === 2);
  controller.abort(new Error("enough"));
  for (const error of await Promise.all(calls)) expect(error.message).toMatch(/: enough$/);
  await failure(ending.request({ method: "GET", path: "/x" }));
  expect(seen).toHaveLength(2);
});

test("an open stream outlives the deadline of its headers", async () => {
  const { client } = await start((_, response) => {
    response.writeHead(200);
    response.write("one");
    setTimeout(() => response.end("two"), 1_500);
  });
  const body = await client.stream({ method: "GET", path: "/x", deadlineMilliseconds: 1_000 });
  let text = "";
  for await (const chunk of body) text += chunk;
  expect(text).toBe("onetwo");
});

test("after a call that was not answered, no other old connection is used", async () => {
  const old = new Set<unknown>();
  let stopped = false;
  const { client } = await start((_, response) => {
    if (stopped && old.has(response.socket)) return;
    old.add(response.socket);
    setTimeout(() => reply(response, 200, {}), 20);
  });
  const call = () => client.request({ method: "GET", path: "/x", deadlineMilliseconds: 1_000 });
  await Promise.all([call(), call(), call()]);
  expect(old.size).toBe(3);
  stopped = true;
  await failure(call());
  await call();
});
