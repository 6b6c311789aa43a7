import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { certificateEnds } from "../controller/installation/certificate-ends.ts";
import {
  type FakeApi,
  refuse,
  reply,
  type Seen,
  startFakeApi,
  until,
} from "../controller/kube/testing/fake-api-server.ts";
import { testCertificate } from "../webhook/testing/certificate.ts";

const SOURCE = new URL("operator.ts", import.meta.url).pathname;
/** A busy machine takes its time to start a process. */
const START_MILLISECONDS = 20_000;
const WHOLE_TEST_MILLISECONDS = 60_000;

interface Stored {
  metadata: { name: string; namespace?: string; resourceVersion?: string };
  spec?: { holderIdentity?: string };
  data?: Record<string, string>;
}

let api: FakeApi;
let bundles: string;
let folder: string;
let child: ChildProcess | undefined;
let lease: Stored | undefined;
let secret: Stored;
let secretWatches: ServerResponse[];
let version: number;
/** A collection that cannot be listed. */
let refused: string | undefined;

/** As much of an API server as the operator needs to get ready. */
function answer(seen: Seen, response: ServerResponse): void {
  const { path, query } = seen;
  if (query.has("sendInitialEvents")) {
    refuse(response, 422, "Invalid");
  } else if (query.get("watch") === "true") {
    response.writeHead(200).flushHeaders();
    if (path.endsWith("/secrets")) secretWatches.push(response);
  } else if (path === refused) {
    refuse(response, 403, "Forbidden");
  } else if (query.get("limit") !== null) {
    const items = path.endsWith("/secrets") ? [secret] : [];
    reply(response, 200, { metadata: { resourceVersion: String(version) }, items });
  } else {
    write(seen, response);
  }
}

function write({ method, path, body }: Seen, response: ServerResponse): void {
  const sent = body as Stored;
  version += 1;
  const stored = { ...sent, metadata: { ...sent?.metadata, resourceVersion: String(version) } };
  if (method !== "GET" && path.includes("/leases/")) lease = stored;
  if (method === "PATCH" && path.includes("/secrets/")) {
    secret = stored;
    const event = JSON.stringify({ type: "MODIFIED", object: secret });
    for (const watch of secretWatches) watch.write(`${event}\n`);
  }
  if (method !== "GET") reply(response, 200, stored);
  else if (path.includes("/leases/") && lease) reply(response, 200, lease);
  else refuse(response, 404, "NotFound");
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, resolve);
  await promise;
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

interface Ended {
  code: number | null;
  output: string;
}

function run(env: Record<string, string>, ...args: string[]): { ended: Promise<Ended> } {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const started = spawn(process.execPath, [join(bundles, "operator.cjs"), ...args], { env });
  child = started;
  let output = "";
  for (const stream of [started.stdout, started.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  started.on("close", (code) => resolve({ code, output }));
  return { ended: promise };
}

/** What the chart sets, and the way to the fake. */
async function environment(managementPort: number): Promise<Record<string, string>> {
  const config = {
    clusters: [{ name: "c", cluster: { server: api.url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  writeFileSync(join(folder, "config"), JSON.stringify(config));
  return {
    KUBECONFIG: join(folder, "config"),
    POD_NAME: "operator-1",
    POD_NAMESPACE: "system",
    WEBHOOK_PORT: String(await freePort()),
    MANAGEMENT_PORT: String(managementPort),
    WEBHOOK_SERVICE: "webhook",
    CERTIFICATE_SECRET: "certificate",
    CLUSTER_ROLE: "role",
    SIDECAR_IMAGE: "sidecar",
  };
}

async function status(url: string): Promise<number> {
  return fetch(url).then(
    (response) => response.status,
    () => 0,
  );
}

// As it is shipped: one file, in which nothing may depend on the order that modules have in a folder.
beforeAll(async () => {
  bundles = mkdtempSync(join(tmpdir(), "operator-bundle-"));
  await build({
    entryPoints: [SOURCE],
    outfile: join(bundles, "operator.cjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    keepNames: true,
    logLevel: "silent",
  });
}, WHOLE_TEST_MILLISECONDS);

afterAll(() => rmSync(bundles, { recursive: true }));

beforeEach(async () => {
  version = 1;
  lease = undefined;
  secretWatches = [];
  refused = undefined;
  const metadata = { name: "certificate", namespace: "system", resourceVersion: "1" };
  secret = { metadata };
  api = await startFakeApi(answer);
  folder = mkdtempSync(join(tmpdir(), "operator-"));
});

afterEach(async () => {
  child?.kill("SIGKILL");
  await api.close();
  rmSync(folder, { recursive: true });
});

test(
  "--help tells of the environment",
  async () => {
    const { code, output } = await run({}, "--help").ended;
    expect(code).toBe(0);
    for (const name of ["POD_NAME", "WEBHOOK_PORT", "SIDECAR_IMAGE"])
      expect(output).toContain(name);
  },
  WHOLE_TEST_MILLISECONDS,
);

test(
  "without its environment it says what is missing, and ends",
  async () => {
    const { code, output } = await run({}).ended;
    expect([code, output]).toEqual([1, "environment variable POD_NAME is not set\n"]);
  },
  WHOLE_TEST_MILLISECONDS,
);

test(
  "gets ready on a fresh installation; on SIGTERM it is unready, gives its lease back and ends",
  async () => {
    const management = await freePort();
    const { ended } = run(await environment(management));
    const ready = `http://127.0.0.1:${management}/readyz`;
    const isReady = async () => (await status(ready)) === 200;
    await until("the operator is ready", isReady, START_MILLISECONDS);
    expect(lease?.spec?.holderIdentity).toBe("operator-1");
    child?.kill("SIGTERM");
    await until("it is unready", async () => (await status(ready)) === 503);
    const { code, output } = await ended;
    expect(code).toBe(0);
    expect(lease?.spec?.holderIdentity).toBe("");
    const [first = ""] = output.split("\n");
    expect((JSON.parse(first) as { time: string }).time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(output).not.toContain("PRIVATE KEY");
    expect(output).not.toContain(secret.data?.["tls.key"] ?? "none");
  },
  WHOLE_TEST_MILLISECONDS,
);

test(
  "gets ready while a replica leads that knows nothing of the Secret, as after an upgrade from a mounted certificate",
  async () => {
    const now = new Date().toISOString();
    const spec = { holderIdentity: "operator-0", leaseDurationSeconds: 15, renewTime: now };
    lease = { metadata: { name: "lease", resourceVersion: "1" }, spec };
    const management = await freePort();
    run(await environment(management));
    const ready = `http://127.0.0.1:${management}/readyz`;
    await until("it is ready", async () => (await status(ready)) === 200, START_MILLISECONDS);
    // Not because the lease has run out, which nobody renews here.
    expect(lease?.spec?.holderIdentity).toBe("operator-0");
    expect(api.seen.filter(({ path }) => path.includes("/secrets/"))).toHaveLength(1);
  },
  WHOLE_TEST_MILLISECONDS,
);

test(
  "gets ready with a mounted certificate, shows that one and the next, and asks for no Secret",
  async () => {
    const mount = ({ ca, cert, key }: Awaited<ReturnType<typeof testCertificate>>) => {
      const files = { "ca.crt": ca, "tls.crt": cert, "tls.key": key };
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    };
    const [first, next] = [await testCertificate(1), await testCertificate(2)];
    mount(first);
    const management = await freePort();
    const port = await freePort();
    run({
      ...(await environment(management)),
      WEBHOOK_PORT: String(port),
      CERTIFICATE_FOLDER: folder,
      WEBHOOK_CONFIGURATION_OWNER: "chart",
    });
    const ready = `http://127.0.0.1:${management}/readyz`;
    await until("it is ready", async () => (await status(ready)) === 200, START_MILLISECONDS);
    const shows = (authorities: string) =>
      certificateEnds({ host: "127.0.0.1", port, dnsName: "localhost", authorities }).then(
        () => true,
        () => false,
      );
    expect(await shows(first.ca)).toBe(true);
    mount(next);
    await until("it shows the next one", () => shows(next.ca), START_MILLISECONDS);
    expect(api.seen.filter(({ path }) => path.includes("/secrets"))).toStrictEqual([]);
  },
  WHOLE_TEST_MILLISECONDS,
);

test(
  "a replica that cannot fill its caches leaves the lease to others",
  async () => {
    refused = "/api/v1/namespaces";
    run(await environment(await freePort()));
    const refusals = () =>
      api.seen.filter(({ path, query }) => path === refused && query.has("limit")).length;
    await until("namespaces are refused again", () => refusals() === 2, START_MILLISECONDS);
    expect(api.seen.filter(({ path }) => path.includes("/leases/"))).toEqual([]);
  },
  WHOLE_TEST_MILLISECONDS,
);
