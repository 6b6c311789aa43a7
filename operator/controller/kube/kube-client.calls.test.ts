import { afterEach, expect, test } from "@jest/globals";
import type { ApiCall } from "./api-call.ts";
import { clientOf, type FakeApi, refuse, reply, startFakeApi } from "./testing/fake-api-server.ts";

let api: FakeApi;

afterEach(() => api.close());

test("every call is told once, by verb and status", async () => {
  api = await startFakeApi(({ path }, response) => {
    if (path === "/refused") refuse(response, 409, "Conflict");
    else if (path === "/cut") response.destroy();
    else reply(response, 200, {});
  });
  const calls: ApiCall[] = [];
  const client = clientOf(api.url, (call) => calls.push(call));
  await client.request({ method: "GET", path: "/list" });
  (await client.stream({ method: "GET", path: "/list", query: { watch: "true" } })).resume();
  await client.request({ method: "POST", path: "/made" });
  await expect(client.request({ method: "PUT", path: "/refused" })).rejects.toThrow("Conflict");
  await client.apply({ path: "/applied", object: {}, fieldManager: "me", force: true });
  await expect(client.request({ method: "GET", path: "/cut" })).rejects.toThrow("calling GET /cut");
  const late = { method: "GET", path: "/late", signal: AbortSignal.abort() } as const;
  await expect(client.request(late)).rejects.toThrow();
  expect(calls).toStrictEqual([
    { verb: "get", code: 200 },
    { verb: "watch", code: 200 },
    { verb: "create", code: 200 },
    { verb: "update", code: 409 },
    { verb: "patch", code: 200 },
    { verb: "get", code: undefined },
  ]);
});
