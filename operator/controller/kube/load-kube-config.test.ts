import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { createKubeClient, type KubeClient } from "./kube-client.ts";
import { loadKubeConfig } from "./load-kube-config.ts";
import { type FakeApi, reply, startFakeApi } from "./testing/fake-api-server.ts";

const { KUBECONFIG } = process.env;

/** All but the clock on the wall. */
const NOT_FAKED = [
  "hrtime",
  "nextTick",
  "performance",
  "queueMicrotask",
  "setImmediate",
  "clearImmediate",
  "setInterval",
  "clearInterval",
  "setTimeout",
  "clearTimeout",
] as const;

let api: FakeApi;
let folder: string;

beforeEach(async () => {
  api = await startFakeApi((_, response) => reply(response, 200, {}));
  folder = await mkdtemp(join(tmpdir(), "healthpolicy-kubeconfig-"));
  process.env.KUBECONFIG = join(folder, "config");
});

afterEach(async () => {
  jest.useRealTimers();
  // A variable that is set to undefined reads "undefined".
  if (KUBECONFIG === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = KUBECONFIG;
  await rm(folder, { recursive: true });
  await api.close();
});

/** A client of the configuration that says who the user is. */
async function clientOf(user: object): Promise<KubeClient> {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "fake", user: "tester" } }],
    // Without the flag the library refuses plain HTTP.
    clusters: [{ name: "fake", cluster: { server: api.url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "tester", user }],
  };
  await writeFile(join(folder, "config"), JSON.stringify(config));
  return createKubeClient(loadKubeConfig());
}
const tokensSent = () => api.seen.map(({ headers }) => headers.authorization);

// Other tests use a stand-in for the library, which takes long to load: what it gives calls is seen here alone.
test("a client of the library's configuration sends its token, over a connection that it keeps", async () => {
  const client = await clientOf({ token: "a token of the file" });
  for (let call = 0; call < 3; call += 1) await client.request({ method: "GET", path: "/x" });
  expect(tokensSent()).toStrictEqual(Array(3).fill("Bearer a token of the file"));
  expect(await api.connections()).toBe(1);
});

test.each([
  ["goes on", 61_000],
  ["was set back by a day", -86_400_000],
])(
  "a token's file is read anew after a minute with a clock that %s",
  async (_what, milliseconds) => {
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, "first");
    // As the library has it for a pod's service account.
    const client = await clientOf({
      "auth-provider": { name: "tokenFile", config: { tokenFile } },
    });
    const call = () => client.request({ method: "GET", path: "/x" });
    await call();
    await writeFile(tokenFile, "second");
    await call();
    const now = Date.now() + milliseconds;
    jest.useFakeTimers({ now, doNotFake: [...NOT_FAKED] });
    await call();
    await call();
    expect(tokensSent()).toStrictEqual(
      ["first", "first", "second", "second"].map((token) => `Bearer ${token}`),
    );
  },
);
