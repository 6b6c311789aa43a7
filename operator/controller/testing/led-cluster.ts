/**
 * For tests of the leader: a fake API server of a small cluster, the caches on it, and a leader that does not lead yet.
 */
import type { ServerResponse } from "node:http";
import { pino } from "pino";
import { rawPolicy } from "../../api/testing/policy.ts";
import { startCaches } from "../caches.ts";
import type { CertificateData } from "../certificate/certificate-plan.ts";
import { carryOut } from "../certificate/certificates.ts";
import { refuse, reply, type Seen, startFakeApi } from "../kube/testing/fake-api-server.ts";
import { createLeader } from "../leader.ts";
import type { OperatorSettings } from "../settings.ts";
import type { Ask } from "../sidecars/survey-sidecars.ts";
import { LEADER_SETTINGS } from "./leader-settings.ts";

const log = pino({ level: "silent" });
export const PODS = podsPath("shop");
export const POLICIES = "/apis/healthpolicy.dev/v1alpha1/healthpolicies";
export const CLUSTER_POLICIES = "/apis/healthpolicy.dev/v1alpha1/clusterhealthpolicies";
export const NAMESPACES = "/api/v1/namespaces";
export const SECRETS = "/api/v1/namespaces/system/secrets";
export const SECRET = "/api/v1/namespaces/system/secrets/certificate";
export const CONFIG_MAP = "/api/v1/namespaces/shop/configmaps/healthpolicy-policy-web";
export const STATUS = "/apis/healthpolicy.dev/v1alpha1/namespaces/shop/healthpolicies/web/status";
export const WEBHOOK =
  "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/healthpolicy";
/** What Helm writes on each object of a release. */
export const RELEASE = {
  "meta.helm.sh/release-name": "healthpolicy",
  "meta.helm.sh/release-namespace": "system",
};
const CLUSTER_ROLE = {
  metadata: {
    uid: "uid-of-role",
    labels: { "app.kubernetes.io/managed-by": "Helm", "helm.sh/chart": "healthpolicy-0.1.0" },
    annotations: { ...RELEASE, "example.com/note": "of nobody else" },
  },
};
const PROOF = "/api/v1/namespaces/system/configmaps/healthpolicy-webhook-proof";

export function podsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

/** A pod that the policy of its namespace selects. */
export function podOf(namespace: string): object {
  const metadata = { namespace, name: "web-1", labels: { app: "web" } };
  return { metadata: { ...metadata, resourceVersion: "9" }, spec: { restartPolicy: "Always" } };
}

/** The namespaces that a write of the webhook configuration lists. */
export function namespacesOf({ body }: Seen): string[] {
  const { webhooks } = body as {
    webhooks: { namespaceSelector: { matchExpressions: { values: string[] }[] } }[];
  };
  return webhooks[0]?.namespaceSelector.matchExpressions[0]?.values ?? [];
}

/** The certificate Secret. */
export interface CertificateSecret {
  metadata: { name: string; namespace: string; resourceVersion: string };
  data?: Record<string, string>;
}

/** A certificate as the `data` of a Secret. */
export function encoded(data: Partial<CertificateData>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  );
}

/** What a test may change about the cluster. */
interface World {
  /** Requests that are not answered for now. */
  holds: (seen: Seen) => boolean;
  held: (() => void)[];
  /** Requests of which the server has too many. */
  refuses: (seen: Seen) => boolean;
  /** Requests that no right allows, or that an admission policy refuses. */
  forbids: (seen: Seen) => boolean;
  pods: object[];
  /** Of its own namespace. */
  operatorPods: object[];
  policies: object[];
  clusterPolicies: object[];
  /** Whether a replica answers the proofs. */
  proofsAnswered: boolean;
  /** What a sidecar answers. */
  sidecarSays: Ask;
  secret: CertificateSecret;
}

function newWorld(): World {
  return {
    holds: () => false,
    held: [],
    refuses: () => false,
    forbids: () => false,
    pods: [],
    operatorPods: [],
    policies: [rawPolicy()],
    clusterPolicies: [],
    proofsAnswered: true,
    sidecarSays: () => Promise.resolve(undefined),
    secret: { metadata: { name: "certificate", namespace: "system", resourceVersion: "7" } },
  };
}

/** The cluster. */
export type LedCluster = Awaited<ReturnType<typeof openCluster>>;

/** The policy shop/web, an empty certificate Secret, and no pods. Watches stay open and silent. */
export async function openCluster(more: Partial<OperatorSettings> = {}) {
  const settings = { ...LEADER_SETTINGS, ...more };
  const watches = new Map<string, ServerResponse>();
  const world = newWorld();

  /** What each list holds. */
  function list(path: string): unknown[] {
    const lists = {
      [POLICIES]: world.policies,
      [CLUSTER_POLICIES]: world.clusterPolicies,
      [NAMESPACES]: [{ metadata: { name: "shop", resourceVersion: "3" } }],
      [SECRETS]: [world.secret],
      [PODS]: world.pods,
      [podsPath("system")]: world.operatorPods,
      "/api/v1/pods": [...world.pods, ...world.operatorPods],
    };
    return lists[path] ?? [];
  }

  /** What the API server makes of an object that is applied. */
  function applied({ path, body }: Seen): unknown {
    if (path !== PROOF || !world.proofsAnswered) return body ?? {};
    const { metadata } = body as { metadata: { annotations: Record<string, string> } };
    const challenge = metadata.annotations["healthpolicy.dev/challenge"];
    return {
      metadata: { annotations: { "healthpolicy.dev/answered-by": `operator-1 ${challenge}` } },
    };
  }

  function answerGet({ path, query }: Seen, response: ServerResponse): void {
    const listed = { metadata: { resourceVersion: "1" }, items: list(path) };
    if (path.includes("/clusterroles/")) reply(response, 200, CLUSTER_ROLE);
    else if (query.get("limit") === null) refuse(response, 404, "NotFound");
    else reply(response, 200, listed);
  }

  function answerWatch({ path, query }: Seen, response: ServerResponse): void {
    if (query.has("sendInitialEvents")) {
      refuse(response, 422, "Invalid");
      return;
    }
    response.writeHead(200).flushHeaders();
    watches.set(path, response);
  }

  function carriedOut(seen: Seen, response: ServerResponse): void {
    if (seen.query.get("watch") === "true") answerWatch(seen, response);
    else if (seen.method === "PATCH") reply(response, 200, applied(seen));
    else if (seen.method === "POST") reply(response, 201, seen.body);
    else answerGet(seen, response);
  }

  function answer(seen: Seen, response: ServerResponse): void {
    if (world.refuses(seen)) refuse(response, 429, "TooManyRequests");
    else if (world.forbids(seen)) refuse(response, 403, "Forbidden");
    else carriedOut(seen, response);
  }

  const api = await startFakeApi((seen, response) => {
    if (world.holds(seen)) world.held.push(() => answer(seen, response));
    else answer(seen, response);
  });
  const { client } = api;
  const caches = startCaches({
    client,
    namespace: "system",
    certificateSecret: "certificate",
    certificateFolder: settings.certificateFolder,
    log,
  });
  const dnsName = "webhook.system.svc";
  const certificate = await carryOut("create", { data: {}, dnsName, now: Date.now() });
  const ask: Ask = (address) => world.sidecarSays(address);
  const leader = createLeader({ client, caches, settings, dnsName, ask, log });

  /** Every write of an object, the oldest first. */
  function writesOf(path: string): Seen[] {
    return api.seen.filter((seen) => seen.method === "PATCH" && seen.path === path);
  }

  return {
    api,
    caches,
    /** What `certify` gives. */
    certificate,
    leader,
    /** The open watches, by path. */
    watches,
    world,
    writesOf,

    /** The last write of an object. */
    patched: (path: string): Seen | undefined => writesOf(path).at(-1),

    /** Gives the Secret a certificate, so that the webhook configuration can be written. */
    certify: (): void => {
      world.secret.data = encoded(certificate);
    },

    /** Sends an event on the watch of a collection. */
    send: (path: string, type: string, object: object): void => {
      watches.get(path)?.write(`${JSON.stringify({ type, object })}\n`);
    },

    close: async (): Promise<void> => {
      await caches.stop();
      await api.close();
    },
  };
}
