/** A reconciler with all that it reads: a stand-in for the caches, a fake API server, a replica that answers. */
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { ServiceRecord } from "../../../api/circular-dependency.ts";
import type { DefaultsSupplier } from "../../../api/merge-defaults.ts";
import { rawPolicy, testPolicy } from "../../../api/testing/policy.ts";
import type { RolloutStatus } from "../../../api/v1alpha1-rollout-status.ts";
import type { HealthPolicyStatus } from "../../../api/v1alpha1-status.ts";
import type { Caches } from "../../caches.ts";
import { carryOut } from "../../certificate/certificates.ts";
import type { EventToRecord } from "../../events/event-object.ts";
import { createTellInjections } from "../../events/tell-injections.ts";
import { createTellTransitions } from "../../events/tell-transitions.ts";
import { type KubeObject, keyOf } from "../../kube/kube-object.ts";
import { startFakeObjects } from "../../kube/testing/fake-objects.ts";
import { createPodIndex } from "../../pods/pod-index.ts";
import { podOf } from "../../pods/testing/pod-of.ts";
import type { Outcome } from "../../sidecars/sidecar-reports.ts";
import type { Reach } from "../../webhook-configuration/webhook-proof.ts";
import { createConfigMapWriter } from "../apply-configmap.ts";
import { createPolicyIndex, type PolicyRecord, projectPolicy } from "../policy-cache.ts";
import { createReconciler, type Reconciler } from "../reconcile.ts";

/** Where the ConfigMap of the policy shop/web is written. */
export const CONFIG_MAP = "/api/v1/namespaces/shop/configmaps/healthpolicy-policy-web";
/** Where its status is written. */
export const STATUS = "/apis/healthpolicy.dev/v1alpha1/namespaces/shop/healthpolicies/web/status";

const DNS_NAME = "webhook.system.svc";

/** What a test may change about the world; at first the policy's pods can be injected. */
interface World {
  /** What the replica says it knows. */
  known: { generation: number; uid: string };
  /** The replica takes questions and answers none. */
  silent: boolean;
  /** Milliseconds for which the webhook configuration has listed the namespace. */
  listedFor: number | undefined;
  webhookReach: Reach;
  whyStopped: string | undefined;
  whyUnproven: string | undefined;
  /** Versions of the ConfigMap that pods were said to follow from then on. */
  changedTo: string[];
  optedOut: boolean;
  withCertificate: boolean;
  services: ServiceRecord[];
  /** Names of the pods that are to be asked, by policy, and what came of that. */
  following: Map<string, string[]>;
  outcomes: Map<string, Outcome>;
  /** What was said on pods and policies. */
  events: EventToRecord[];
  /** How far the rollout is. */
  rollout: RolloutStatus | undefined;
  /** Namespaces whose pods are not known yet. */
  unsynced: string[];
}

/** The policy shop/web of generation 3 with one injected pod, and one ready replica of the operator. */
export async function openPolicy() {
  const certificate = await carryOut("create", { data: {}, dnsName: DNS_NAME, now: Date.now() });
  const api = await startFakeObjects();
  const policies = new Map<string, PolicyRecord>();
  const suppliers: DefaultsSupplier[] = [];
  const index = createPolicyIndex(() => suppliers);
  const pods = createPodIndex();
  const world: World = {
    known: { generation: 3, uid: testPolicy().uid },
    silent: false,
    listedFor: 5_000,
    webhookReach: { state: "reachable" },
    whyStopped: undefined,
    whyUnproven: undefined,
    changedTo: [],
    optedOut: false,
    withCertificate: true,
    services: [],
    following: new Map(),
    outcomes: new Map(),
    events: [],
    rollout: undefined,
    unsynced: [],
  };
  const replica = https.createServer(
    { key: certificate["tls.key"], cert: certificate["tls.crt"] },
    (_, response) => {
      if (!world.silent) response.end(JSON.stringify(world.known));
    },
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  replica.listen(0, "127.0.0.1", resolve);
  await promise;
  const webhookPort = (replica.address() as AddressInfo).port;

  /** A stand-in for what the watches hold. */
  const caches = {
    policies: { get: (key: string) => policies.get(key) },
    index,
    certificate: () =>
      world.withCertificate ? { resourceVersion: "1", data: certificate } : undefined,
    namespaceOptedOut: () => world.optedOut,
    service: ({ name }: { name: string }) =>
      world.services.find((service) => service.name === name),
  } as unknown as Caches;

  const events = { record: (event: EventToRecord) => world.events.push(event) };
  function newReconciler(): Reconciler {
    return createReconciler({
      client: api.client,
      caches,
      pods: { pods: pods.pods, synced: (namespace) => !world.unsynced.includes(namespace) },
      survey: {
        follow: ({ name }, asked) => {
          world.following.set(
            name,
            asked.map((pod) => pod.name),
          );
        },
        outcome: (_, { name }) => world.outcomes.get(name),
      },
      injections: createTellInjections(events),
      transitions: createTellTransitions({
        events,
        lookAgain: () => undefined,
      }),
      events: { record: (event) => world.events.push(event) },
      rollout: () => world.rollout,
      configMaps: createConfigMapWriter(api.client, () => 0.5),
      webhook: { listedFor: () => world.listedFor, whyUnwritten: () => undefined },
      webhookReach: () => world.webhookReach,
      whyStopped: () => world.whyStopped,
      whyUnproven: () => world.whyUnproven,
      onConfigMapChange: (_, version) => world.changedTo.push(version),
      podName: "operator-1",
      namespace: "system",
      webhookPort,
      dnsName: DNS_NAME,
    });
  }

  function status(): HealthPolicyStatus {
    return api.objects.get(STATUS)?.status as HealthPolicyStatus;
  }

  function putRecord(now: PolicyRecord): void {
    const key = keyOf(now);
    const old = policies.get(key);
    policies.set(key, now);
    index.update({ key, ...(old && { old }), now });
  }

  /** Gives the caches a policy, and what has been written of its status. */
  function cachePolicy(metadata: object = {}, spec: object = {}): void {
    const old = policies.get("shop/web");
    const policy = { ...rawPolicy(metadata, spec), status: old?.status };
    putRecord(projectPolicy(policy as KubeObject) as PolicyRecord);
  }

  const labels = { "app.kubernetes.io/component": "operator" };
  const operator = podOf({ namespace: "system", name: "operator-1", ip: "127.0.0.1", labels });
  pods.update({ key: "system/operator-1", now: operator });
  pods.update({ key: "shop/web-1", now: podOf() });
  cachePolicy();
  const reconciler = newReconciler();

  function stopReplica(): void {
    replica.closeAllConnections();
    replica.close();
  }

  return {
    api,
    policies,
    pods,
    world,
    counts: reconciler.counts,
    /** What supplies defaults; `resolveAgain` takes a change of it in. */
    suppliers,
    resolveAgain: () => index.resolveAgain("shop"),
    cachePolicy,
    putRecord,
    status,
    stopReplica,

    reconcile: (namespace = "shop") => reconciler.reconcile({ namespace, name: "web" }),

    /** The same by a replica that has just become the leader. */
    reconcileAsNewLeader: () => newReconciler().reconcile({ namespace: "shop", name: "web" }),

    /** Gives the caches the status that was written, as our own watch does. */
    echo: () => {
      const record = policies.get("shop/web") as PolicyRecord;
      putRecord({ ...record, status: status() });
    },

    /** Status, reason and message of the condition Programmed. */
    programmed: () => {
      const found = status().conditions?.find(({ type }) => type === "Programmed");
      return `${found?.status} ${found?.reason}: ${found?.message}`;
    },

    statusWrites: () => api.writes().filter(({ path }) => path === STATUS).length,

    close: async () => {
      stopReplica();
      await api.close();
    },
  };
}

export type ReconciledPolicy = Awaited<ReturnType<typeof openPolicy>>;
