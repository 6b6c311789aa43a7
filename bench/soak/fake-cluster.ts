/** As much of an API server as the operator needs to lead: one policy, its pods, and whatever is written to it. */
import type { ServerResponse } from "node:http";
import {
  ANSWERED_BY_ANNOTATION,
  API_VERSION,
  CHALLENGE_ANNOTATION,
  HEALTH_POLICIES,
} from "../../operator/api/names.ts";
import { rawPolicy } from "../../operator/api/testing/policy.ts";
import {
  refuse,
  reply,
  type Seen,
  startFakeApi,
} from "../../operator/controller/kube/testing/fake-api-server.ts";
import { rawPod } from "../raw-pod.ts";
import { POD_ADDRESS } from "./own-network.ts";

export const OPERATOR_NAMESPACE = "system";
export const CERTIFICATE_SECRET = "certificate";
const POLICIES = `/apis/${API_VERSION}/${HEALTH_POLICIES}`;
const NAMESPACES = "/api/v1/namespaces";
const PODS = `${NAMESPACES}/shop/pods`;
const SECRETS = `${NAMESPACES}/${OPERATOR_NAMESPACE}/secrets`;
const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/";
const POD_COUNT = 50;
/** Events that a watch can go on from. */
const HISTORY_LENGTH = 1_000;

interface Stored {
  metadata: {
    name: string;
    namespace?: string;
    resourceVersion?: string;
    generation?: number;
    annotations?: Record<string, string>;
  };
  spec?: Record<string, unknown>;
  status?: { observedGeneration?: number };
  data?: Record<string, string>;
  webhooks?: { clientConfig: { caBundle: string } }[];
}

/** The cluster. */
export interface FakeCluster {
  url: string;
  /** Answers every request that is no watch with 500, while it is set. */
  failing: boolean;
  /** Breaks the connections of all watches. */
  cutWatches(): void;
  /** Tells all watches that their history is gone. */
  expireWatches(): void;
  /** Changes the policy. */
  editPolicy(): void;
  /** The generation of the policy. */
  editedGeneration(): number;
  /** The generation of the policy that its status tells of. */
  observedGeneration(): number;
  /** Puts a new pod in the place of the oldest. */
  replacePod(): void;
  /** Has one in five pods become ready or unready, as their kubelets would tell. */
  turnPods(ready: boolean): void;
  /** The certificate's Secret as the operator reads it, decoded. */
  certificate(): Record<string, string>;
  /** Writes that Secret in the operator's stead. */
  writeCertificate(data: Record<string, string>): void;
  /** How often the operator has written it. */
  certificateWrites(): number;
  /** The authorities that API servers trust, PEM; empty while there is no webhook configuration. */
  trusted(): string;
  close(): Promise<void>;
}

function podOf(number: number, port: number, ready: boolean): Stored {
  const created = new Date().toISOString();
  return rawPod({ number, ip: POD_ADDRESS, port, ready, created }) as Stored;
}

/**
 * The proof that the webhook is reached, marked as the webhook does: reviews.ts asks the webhook itself, all the time.
 */
function proven(configMap: Stored): Stored {
  const { annotations } = configMap.metadata;
  const answer = `operator-1 ${annotations?.[CHALLENGE_ANNOTATION]}`;
  return {
    ...configMap,
    metadata: {
      ...configMap.metadata,
      annotations: { ...annotations, [ANSWERED_BY_ANNOTATION]: answer },
    },
  };
}

const mapEntries = (texts: Record<string, string>, encode: (text: string) => string) =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, encode(text)]));

/** Starts it on a free port; `sidecarPort` is where the sidecar of every pod answers. */
export async function startFakeCluster(sidecarPort: number): Promise<FakeCluster> {
  const collections = new Map<string, Map<string, Stored>>(
    [POLICIES, NAMESPACES, PODS, SECRETS].map((path) => [path, new Map()]),
  );
  const others = new Map<string, Stored>();
  const watches = new Map<ServerResponse, string>();
  let version = 1;
  let podNumber = 0;
  let certificateWrites = 0;

  const collection = (path: string) => collections.get(path) ?? new Map<string, Stored>();
  const history: { path: string; version: number; line: string }[] = [];

  function send(path: string, line: string): void {
    for (const [response, watched] of watches) if (watched === path) response.write(line);
  }

  function tell(path: string, type: string, object: Stored): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    history.push({ path, version, line });
    if (history.length > HISTORY_LENGTH) history.shift();
    send(path, line);
  }

  function put(path: string, object: Stored): Stored {
    version += 1;
    const stored = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(version) },
    };
    const { name } = stored.metadata;
    const type = collection(path).has(name) ? "MODIFIED" : "ADDED";
    collection(path).set(name, stored);
    tell(path, type, stored);
    return stored;
  }

  function remove(path: string, name: string): void {
    const gone = collection(path).get(name);
    if (gone === undefined) return;
    version += 1;
    collection(path).delete(name);
    tell(path, "DELETED", {
      ...gone,
      metadata: { ...gone.metadata, resourceVersion: String(version) },
    });
  }

  function watch({ path, query }: Seen, response: ServerResponse): void {
    const since = Number(query.get("resourceVersion"));
    if (query.has("sendInitialEvents")) {
      refuse(response, 422, "Invalid");
    } else if (since < (history[0]?.version ?? 0)) {
      refuse(response, 410, "Expired");
    } else {
      response.writeHead(200).flushHeaders();
      watches.set(response, path);
      response.on("close", () => watches.delete(response));
      const missed = history.filter((one) => one.path === path && one.version > since);
      for (const { line } of missed) response.write(line);
    }
  }

  function list({ path }: Seen, response: ServerResponse): void {
    const items = [...collection(path).values()];
    reply(response, 200, { metadata: { resourceVersion: String(version) }, items });
  }

  function writeStatus(sent: Stored): Stored {
    const policy = collection(POLICIES).get(sent.metadata.name);
    return policy ? put(POLICIES, { ...policy, status: sent.status ?? {} }) : sent;
  }

  /** What a write leaves behind, as it is answered. */
  function written({ path, query, body }: Seen): Stored {
    const sent = body as Stored;
    if (query.get("dryRun") === "All") return proven(sent);
    if (path.endsWith("/events")) return sent;
    if (path.endsWith("/healthpolicies/web/status")) return writeStatus(sent);
    if (path === `${SECRETS}/${CERTIFICATE_SECRET}`) {
      certificateWrites += 1;
      return put(SECRETS, sent);
    }
    version += 1;
    const metadata = { ...others.get(path)?.metadata, ...sent.metadata };
    const stored = { ...sent, metadata: { ...metadata, resourceVersion: String(version) } };
    others.set(path, stored);
    return stored;
  }

  function read({ path }: Seen, response: ServerResponse): void {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const name = path.slice(folder.length + 1);
    const object = others.get(path) ?? collection(folder).get(name);
    if (path.includes("/clusterroles/")) reply(response, 200, { metadata: { uid: "role" } });
    else if (object) reply(response, 200, object);
    else refuse(response, 404, "NotFound");
  }

  const api = await startFakeApi((seen, response) => {
    // For an hour, nobody looks at them.
    api.seen.length = 0;
    if (seen.query.get("watch") === "true") watch(seen, response);
    else if (cluster.failing) refuse(response, 500, "InternalError");
    else if (seen.method !== "GET") reply(response, 200, written(seen));
    else if (seen.query.has("limit")) list(seen, response);
    else read(seen, response);
  });

  const secret = () => collection(SECRETS).get(CERTIFICATE_SECRET);
  const cluster: FakeCluster = {
    url: api.url,
    failing: false,
    cutWatches: () => {
      for (const response of watches.keys()) response.destroy();
    },
    expireWatches: () => {
      const object = { kind: "Status", code: 410, reason: "Expired", message: "gone" };
      const line = `${JSON.stringify({ type: "ERROR", object })}\n`;
      for (const path of new Set(watches.values())) send(path, line);
    },
    editPolicy() {
      const policy = collection(POLICIES).get("web") as Stored;
      const generation = (policy.metadata.generation ?? 0) + 1;
      const interval = generation % 2 === 0 ? "6s" : "5s";
      put(POLICIES, {
        ...policy,
        metadata: { ...policy.metadata, generation },
        spec: { ...policy.spec, timing: { interval } },
      });
    },
    editedGeneration: () => collection(POLICIES).get("web")?.metadata.generation ?? 0,
    observedGeneration: () => collection(POLICIES).get("web")?.status?.observedGeneration ?? 0,
    replacePod() {
      const [oldest] = collection(PODS).keys();
      if (oldest !== undefined && collection(PODS).size >= POD_COUNT) remove(PODS, oldest);
      podNumber += 1;
      put(PODS, podOf(podNumber, sidecarPort, true));
    },
    turnPods(ready) {
      for (const name of [...collection(PODS).keys()].filter((_, index) => index % 5 === 0)) {
        put(PODS, podOf(Number(name.split("-").at(-1)), sidecarPort, ready));
      }
    },
    certificate: () =>
      mapEntries(secret()?.data ?? {}, (text) => Buffer.from(text, "base64").toString()),
    writeCertificate(data) {
      const metadata = { name: CERTIFICATE_SECRET, namespace: OPERATOR_NAMESPACE };
      const encoded = mapEntries(data, (text) => Buffer.from(text).toString("base64"));
      put(SECRETS, {
        ...secret(),
        metadata: { ...secret()?.metadata, ...metadata },
        data: encoded,
      });
    },
    certificateWrites: () => certificateWrites,
    trusted() {
      const configuration = [...others].find(([path]) => path.startsWith(CONFIGURATIONS))?.[1];
      const bundle = configuration?.webhooks?.[0]?.clientConfig.caBundle ?? "";
      return Buffer.from(bundle, "base64").toString();
    },
    close: api.close,
  };
  put(NAMESPACES, { metadata: { name: "shop" } });
  put(NAMESPACES, { metadata: { name: OPERATOR_NAMESPACE } });
  put(SECRETS, { metadata: { name: CERTIFICATE_SECRET, namespace: OPERATOR_NAMESPACE } });
  put(POLICIES, rawPolicy() as unknown as Stored);
  for (let pod = 0; pod < POD_COUNT; pod += 1) cluster.replacePod();
  return cluster;
}
