import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createKubeClient } from "./kube-client.ts";
import { loadKubeConfig } from "./load-kube-config.ts";
import { type FakeApi, reply, startFakeApi } from "./testing/fake-api-server.ts";

const { KUBECONFIG } = process.env;

let api: FakeApi;
let folder: string;

beforeEach(async () => {
  api = await startFakeApi((_, response) => reply(response, 200, {}));
  folder = await mkdtemp(join(tmpdir(), "healthpolicy-kubeconfig-"));
  process.env.KUBECONFIG = join(folder, "config");
});

afterEach(async () => {
  // A variable that is set to undefined reads "undefined".
  if (KUBECONFIG === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = KUBECONFIG;
  await rm(folder, { recursive: true });
  await api.close();
});

// Other tests use a stand-in for the library, which takes long to load: what it gives calls is seen here alone.
test("a client of the library's configuration sends its token, over a connection that it keeps", async () => {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "fake", user: "tester" } }],
    // Without the flag the library refuses plain HTTP.
    clusters: [{ name: "fake", cluster: { server: api.url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "tester", user: { token: "a token of the file" } }],
  };
  await writeFile(join(folder, "config"), JSON.stringify(config));
  const client = createKubeClient(loadKubeConfig());
  for (let call = 0; call < 3; call += 1) await client.request({ method: "GET", path: "/x" });
  expect(api.seen.map(({ headers }) => headers.authorization)).toStrictEqual(
    Array(3).fill("Bearer a token of the file"),
  );
  expect(await api.connections()).toBe(1);
});
