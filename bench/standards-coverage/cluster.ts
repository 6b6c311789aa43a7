/**
 * The program beside the measured one: an API server of a large cluster whose every workload is rolled out once, evenly
 * over the time of the run. It tells its parent the URL, and at the end what was written to it.
 */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { API_VERSION, CLUSTER_HEALTH_POLICIES, HEALTH_POLICIES } from "../../operator/api/names.ts";
import {
  refuse,
  reply,
  type Seen,
  startFakeApi,
} from "../../operator/controller/kube/testing/fake-api-server.ts";
import { managedFields } from "../managed-fields.ts";

const [workloads = 0, seconds = 0, standards = 0] = process.argv.slice(2).map(Number);
const NAMESPACES = 100;
const PODS_PER_WORKLOAD = 2;
const CLUSTER_POLICIES = `/apis/${API_VERSION}/${CLUSTER_HEALTH_POLICIES}`;
const POLICIES = `/apis/${API_VERSION}/${HEALTH_POLICIES}`;
const BATCHES_PER_SECOND = 10;

let version = 100;
const watches = new Map<string, ServerResponse>();
const writes: { at: number; bytes: number }[] = [];

const namespaceOf = (workload: number) => `ns-${workload % NAMESPACES}`;

/** About as large as a pod with one container, without the fields that nobody reads. */
function podOf(workload: number, pod: number, facts: { hash: string; ready: boolean }): object {
  const { hash, ready } = facts;
  const set = `web-${workload}-${hash}`;
  version += 1;
  const violates = hash === "old" && workload % 3 === 0;
  const livenessProbe = {
    httpGet: { path: "/live", port: 8_080 + (workload % 400), scheme: "HTTP" },
  };
  const readyPath = { ...livenessProbe.httpGet, path: "/ready" };
  const readinessProbe = { httpGet: readyPath, timeoutSeconds: violates ? 1 : 5 };
  return {
    metadata: {
      namespace: namespaceOf(workload),
      name: `${set}-${pod}`,
      uid: `00000000-0000-4000-8000-${version}`,
      resourceVersion: `${version}`,
      creationTimestamp: hash === "old" ? "2026-01-01T00:00:00Z" : "2026-01-02T00:00:00Z",
      labels: { app: `web-${workload}`, "pod-template-hash": hash },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: set, controller: true }],
      managedFields,
    },
    spec: {
      restartPolicy: "Always",
      containers: [
        {
          name: "web",
          image: `registry.example.com/web:${workload}`,
          livenessProbe,
          readinessProbe,
        },
      ],
    },
    status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  };
}

/** The policy as it stands; its status is what was written last. */
const policy = {
  metadata: {
    name: "standard",
    uid: "uid",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
    resourceVersion: "1",
  },
  spec: {
    namespaceSelector: {},
    ...(standards && {
      standards: {
        enforcement: "Audit",
        readinessProbe: { required: true, minTimeoutSeconds: 5 },
        livenessProbe: { required: true, differsFromReadiness: true, forbiddenPaths: ["/db"] },
      },
    }),
  },
  status: undefined as unknown,
};
/** Without standards some policies make the leader watch as many pods as with them. */
const healthPolicies = Array.from({ length: NAMESPACES }, (_, index) => ({
  metadata: {
    namespace: `ns-${index}`,
    name: "other",
    uid: `uid-${index}`,
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
    resourceVersion: "1",
  },
  spec: {
    selector: { matchLabels: { app: "none" } },
    dependencies: [{ name: "a", tcp: { host: "a.b.svc", port: 1 } }],
  },
}));

function itemsOf(path: string): { count: number; at: (index: number) => object } {
  const lists: Record<string, object[]> = {
    [CLUSTER_POLICIES]: [policy],
    [POLICIES]: healthPolicies,
    "/api/v1/namespaces": Array.from({ length: NAMESPACES }, (_, index) => ({
      metadata: { name: `ns-${index}`, resourceVersion: "1" },
    })),
  };
  if (path === "/api/v1/pods") {
    return {
      count: workloads * PODS_PER_WORKLOAD,
      at: (index) =>
        podOf(Math.floor(index / PODS_PER_WORKLOAD), index % PODS_PER_WORKLOAD, {
          hash: "old",
          ready: true,
        }),
    };
  }
  const list = lists[path] ?? [];
  return { count: list.length, at: (index) => list[index] as object };
}

function list({ path, query }: Seen, response: ServerResponse): void {
  const { count, at } = itemsOf(path);
  const from = Number(query.get("continue") ?? 0);
  const to = Math.min(count, from + Number(query.get("limit")));
  const items = Array.from({ length: to - from }, (_, index) => at(from + index));
  const metadata = { resourceVersion: "100", ...(to < count && { continue: `${to}` }) };
  reply(response, 200, { metadata, items });
}

function send(path: string, type: string, object: object): void {
  watches.get(path)?.write(`${JSON.stringify({ type, object })}\n`);
}

function write({ path, body }: Seen, response: ServerResponse): void {
  reply(response, 200, body);
  if (path !== `${CLUSTER_POLICIES}/standard/status`) return;
  const { status } = body as { status: unknown };
  writes.push({ at: Date.now(), bytes: JSON.stringify(status).length });
  version += 1;
  policy.status = status;
  policy.metadata.resourceVersion = `${version}`;
  send(CLUSTER_POLICIES, "MODIFIED", policy);
}

function watch({ path, query }: Seen, response: ServerResponse): void {
  if (query.has("sendInitialEvents")) {
    refuse(response, 422, "Invalid");
    return;
  }
  response.writeHead(200).flushHeaders();
  watches.set(path, response);
}

/** A rollout of one workload: new pods, ready ones, and the old ones gone. */
function rollOut(workload: number): void {
  for (let pod = 0; pod < PODS_PER_WORKLOAD; pod += 1) {
    const tell = (type: string, facts: { hash: string; ready: boolean }) =>
      send("/api/v1/pods", type, podOf(workload, pod, facts));
    tell("ADDED", { hash: "new", ready: false });
    tell("MODIFIED", { hash: "new", ready: true });
    tell("DELETED", { hash: "old", ready: true });
  }
}

const api = await startFakeApi((seen, response) => {
  if (seen.query.get("watch") === "true") watch(seen, response);
  else if (seen.method === "PATCH") write(seen, response);
  else if (seen.path.includes("/clusterroles/"))
    reply(response, 200, { metadata: { uid: "role" } });
  else if (seen.query.get("limit") === null) refuse(response, 404, "NotFound");
  else list(seen, response);
});
process.send?.({ url: api.url });

process.on("message", async () => {
  const begun = Date.now();
  const batches = seconds * BATCHES_PER_SECOND;
  let rolled = 0;
  for (let batch = 1; batch <= batches; batch += 1) {
    for (; rolled < (workloads * batch) / batches; rolled += 1) rollOut(rolled);
    await sleep(Math.max(0, begun + (batch * 1_000) / BATCHES_PER_SECOND - Date.now()));
  }
  const during = writes.filter(({ at }) => at >= begun);
  process.send?.({
    took: (Date.now() - begun) / 1_000,
    writes: during.length,
    largest: Math.max(0, ...during.map(({ bytes }) => bytes)),
  });
});
