/**
 * The program beside the measured one: an API server with one policy whose pods turn unready together, and the sidecars
 * of them all, which answer over the network. It tells its parent what was written to it.
 */
import http, { type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { API_VERSION, HEALTH_POLICIES } from "../../operator/api/names.ts";
import { rawPolicy } from "../../operator/api/testing/policy.ts";
import {
  refuse,
  reply,
  type Seen,
  startFakeApi,
} from "../../operator/controller/kube/testing/fake-api-server.ts";
import { managedFields } from "../managed-fields.ts";
import { rawPod } from "../raw-pod.ts";

const pods = Number(process.argv[2]);
const NAMESPACE = "/api/v1/namespaces/shop";
const POLICIES = `/apis/${API_VERSION}/${HEALTH_POLICIES}`;
const STATUS = `/apis/${API_VERSION}/namespaces/shop/${HEALTH_POLICIES}/web/status`;
/** Checks start every 5 s and each pod's at another moment: they notice within that time. */
const TURN_MILLISECONDS = 5_000;
const BATCH_MILLISECONDS = 100;

let version = 100;
let since: string | undefined;
const watches = new Map<string, ServerResponse>();
const writes: { at: number; path: string; body: unknown }[] = [];
const policy = rawPolicy() as { metadata: { resourceVersion: string }; status?: unknown };

/** One server for all of them: what they say is the same. */
const sidecars = http.createServer((_, response) => {
  const failure = { gating: true, reason: "ConnectionRefused", since };
  const dependency = { name: "orders-db", ...(since ? failure : { gating: false }) };
  reply(response, 200, { policy: "web", dependencies: [dependency] });
});

function podOf(number: number, ready: boolean): object {
  version += 1;
  const ip = `10.0.${Math.floor(number / 250)}.${(number % 250) + 1}`;
  const { metadata, ...rest } = rawPod({ number, ip, ready });
  return { ...rest, metadata: { ...metadata, resourceVersion: String(version), managedFields } };
}

function send(path: string, object: object): void {
  watches.get(path)?.write(`${JSON.stringify({ type: "MODIFIED", object })}\n`);
}

function watch({ path, query }: Seen, response: ServerResponse): void {
  if (query.has("sendInitialEvents")) {
    refuse(response, 422, "Invalid");
    return;
  }
  response.writeHead(200).flushHeaders();
  watches.set(path, response);
}

function write({ path, body }: Seen, response: ServerResponse): void {
  reply(response, 200, body);
  writes.push({ at: Date.now(), path, body });
  if (path !== STATUS) return;
  version += 1;
  policy.status = (body as { status: unknown }).status;
  policy.metadata.resourceVersion = String(version);
  send(POLICIES, policy);
}

function list({ path, query }: Seen, response: ServerResponse): void {
  const all: Record<string, () => object[]> = {
    [POLICIES]: () => [policy],
    "/api/v1/namespaces": () => [{ metadata: { name: "shop", resourceVersion: "1" } }],
    [`${NAMESPACE}/pods`]: () => Array.from({ length: pods }, (_, pod) => podOf(pod, true)),
  };
  const items = all[path]?.() ?? [];
  const from = Number(query.get("continue") ?? 0);
  const to = Math.min(items.length, from + Number(query.get("limit")));
  const metadata = {
    resourceVersion: "100",
    ...(to < items.length && { continue: String(to) }),
  };
  reply(response, 200, { metadata, items: items.slice(from, to) });
}

async function turnAll(ready: boolean): Promise<void> {
  since = ready ? undefined : new Date().toISOString();
  const batches = TURN_MILLISECONDS / BATCH_MILLISECONDS;
  let turned = 0;
  for (let batch = 1; batch <= batches; batch += 1) {
    for (; turned < (pods * batch) / batches; turned += 1) {
      send(`${NAMESPACE}/pods`, podOf(turned, ready));
    }
    await sleep(BATCH_MILLISECONDS);
  }
}

const api = await startFakeApi((seen, response) => {
  if (seen.query.get("watch") === "true") watch(seen, response);
  else if (seen.method === "PATCH" || seen.method === "POST") write(seen, response);
  else if (seen.path.includes("/clusterroles/")) {
    reply(response, 200, { metadata: { uid: "role" } });
  } else if (seen.query.get("limit") === null) refuse(response, 404, "NotFound");
  else list(seen, response);
});
await new Promise<void>((resolve) => sidecars.listen(0, "127.0.0.1", resolve));
process.send?.({ url: api.url, port: (sidecars.address() as AddressInfo).port });

process.on("message", async (order: "down" | "up" | "report") => {
  if (order !== "report") await turnAll(order === "up");
  process.send?.({ writes: writes.splice(0) });
});
