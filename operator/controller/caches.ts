/**
 * What every replica watches, leader or not: policies of both kinds, namespaces, Services, the webhook's certificate.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { FindService, ServiceRecord } from "../api/circular-dependency.ts";
import type { HeldBackReason } from "../api/condition-reasons.ts";
import {
  API_VERSION,
  CLUSTER_HEALTH_POLICIES,
  excludedNamespaces,
  HEALTH_POLICIES,
} from "../api/names.ts";
import type { NamespacedName } from "../api/namespaced-name.ts";
import { reachingPolicies } from "../api/reaching-policies.ts";
import type { Standards } from "../api/standards/rule.ts";
import type { LabelSelector } from "../api/v1alpha1-selector.ts";
import { appliesStandards } from "../inject/probe-floors.ts";
import type { CertificateData } from "./certificate/certificate-plan.ts";
import { followCertificateFolder } from "./certificate/follow-certificate-folder.ts";
import {
  type ClusterPolicyRecord,
  decidesAnew,
  projectClusterPolicy,
} from "./cluster-policy/cluster-policy-cache.ts";
import type { KubeClient } from "./kube/kube-client.ts";
import { type KubeObject, keyOf } from "./kube/kube-object.ts";
import { type NamespaceRecord, projectNamespace } from "./kube/namespace.ts";
import { projectService } from "./kube/service.ts";
import { createTooWideLog } from "./kube/too-wide-log.ts";
import { type Change, startWatch, type Watch } from "./kube/watch.ts";
import {
  createPolicyIndex,
  type PolicyIndex,
  type PolicyRecord,
  projectPolicy,
} from "./policy/policy-cache.ts";
import { heldBackBecause } from "./policy/read-status.ts";

const SYNC_POLL_MILLISECONDS = 50;

/** The certificate Secret. Its keys must never reach a log. */
export interface CertificateRecord {
  resourceVersion: string;
  data: Partial<CertificateData>;
}

/** A change of one of the caches. */
export type CacheChange =
  | { kind: "policy"; change: Change<PolicyRecord> }
  /** `resolvedAnew` are the HealthPolicies whose defaults it changed. */
  | { kind: "clusterPolicy"; change: Change<ClusterPolicyRecord>; resolvedAnew: PolicyRecord[] }
  | { kind: "namespace"; change: Change<NamespaceRecord>; resolvedAnew: PolicyRecord[] }
  | { kind: "service"; change: Change<ServiceRecord> }
  | { kind: "certificate"; change: Change<CertificateRecord> };

/** The running caches. */
export interface Caches {
  policies: Watch<PolicyRecord>;
  index: PolicyIndex;
  clusterPolicies: Watch<ClusterPolicyRecord>;
  namespaces: Watch<NamespaceRecord>;
  services: Watch<ServiceRecord>;
  certificates: Watch<CertificateRecord>;
  /** The ClusterHealthPolicies that reach a namespace, the oldest first. */
  clusterPoliciesOf(namespace: NamespaceRecord): ClusterPolicyRecord[];
  /** Standards of the ClusterHealthPolicies that reach the namespace; none while it is not known. */
  standards(namespace: string): readonly (Standards | undefined)[];
  /** Namespaces in which standards are applied to new pods, HealthPolicy or not. */
  namespacesWithAppliedStandards(): Iterable<string>;
  /** Selectors of the ClusterHealthPolicies whose standards are applied. */
  selectorsOfAppliedStandards(): LabelSelector[];
  /** Namespaces that a ClusterHealthPolicy with standards reaches, whatever it does about them. */
  namespacesWithStandards(): Iterable<string>;
  /** The certificate Secret as last seen. */
  certificate(): CertificateRecord | undefined;
  service: FindService;
  namespaceOptedOut(namespace: string): boolean;
  namespaceAnnotations(namespace: string): Readonly<Record<string, string>>;
  /** Why the leader wants no pod injected under the policy; undefined: it may be. */
  heldBack(policy: NamespacedName): HeldBackReason | undefined;
  /** Whether everything has been listed once. */
  synced(): boolean;
  /** Resolves when everything has been listed once, or when the signal fires. */
  untilSynced(signal: AbortSignal): Promise<void>;
  /** Resolves when everything is at least as new as this call; rejects when it cannot be read. */
  refresh(): Promise<void>;
  /** Calls `listener` on every change until the returned function is called. */
  subscribe(listener: (change: CacheChange) => void): () => void;
  stop(): Promise<void>;
}

/** What the caches need. */
export interface CachesOptions {
  client: KubeClient;
  /** The operator's own. */
  namespace: string;
  certificateSecret: string;
  /** Where that Secret is mounted; undefined: it is read from the API server. */
  certificateFolder?: string | undefined;
  log: Logger;
}

function projectCertificate(object: KubeObject): CertificateRecord {
  const { data } = object as { data?: Record<string, string> };
  const decoded = Object.entries(data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")] as const,
  );
  return {
    resourceVersion: object.metadata.resourceVersion ?? "",
    data: Object.fromEntries(decoded) as Partial<CertificateData>,
  };
}

function followCertificate(
  { client, namespace, certificateSecret, certificateFolder, log }: CachesOptions,
  onChange: (change: Change<CertificateRecord>) => void,
): Watch<CertificateRecord> {
  if (certificateFolder !== undefined) {
    const key = keyOf({ namespace, name: certificateSecret });
    return followCertificateFolder({ folder: certificateFolder, key, onChange, log });
  }
  return startWatch({
    client,
    path: `/api/v1/namespaces/${namespace}/secrets`,
    name: certificateSecret,
    kind: "Secret",
    project: projectCertificate,
    onChange,
    log,
  });
}

/** Starts the caches; they fill while this returns. */
export function startCaches(options: CachesOptions): Caches {
  const { client, namespace, certificateSecret, log } = options;
  const excluded = excludedNamespaces(namespace);
  const tooWide = {
    namespace: createTooWideLog(log, "Namespace", "no selector sees more of them than its name"),
    service: createTooWideLog(
      log,
      "Service",
      "left out, so no policy is held back for pods behind it",
    ),
  };
  const clusterPoliciesOf = (reached: NamespaceRecord) =>
    reachingPolicies(clusterPolicies.values(), reached, excluded);
  const reaching = (name: string) => {
    const known = namespaces.get(name);
    // One that is not known yet has no labels to be judged by; its policies are resolved again when it is.
    return known ? clusterPoliciesOf(known) : [];
  };
  const namespacesWhere = (isMeant: (policy: ClusterPolicyRecord) => boolean) =>
    // Asked after every change of a policy: without such a policy no namespace is looked at.
    [...clusterPolicies.values()].some(isMeant)
      ? [...namespaces.values()]
          .filter((one) => clusterPoliciesOf(one).some(isMeant))
          .map(({ name }) => name)
      : [];
  const index = createPolicyIndex(reaching);
  const listeners = new Set<(change: CacheChange) => void>();
  const tell = (change: CacheChange) => {
    for (const listener of listeners) listener(change);
  };
  const policies = startWatch({
    client,
    path: `/apis/${API_VERSION}/${HEALTH_POLICIES}`,
    kind: "HealthPolicy",
    project: projectPolicy,
    onChange: (change) => {
      index.update(change);
      tell({ kind: "policy", change });
    },
    log,
  });
  const clusterPolicies = startWatch({
    client,
    path: `/apis/${API_VERSION}/${CLUSTER_HEALTH_POLICIES}`,
    kind: "ClusterHealthPolicy",
    project: projectClusterPolicy,
    onChange: (change) => {
      const changed = decidesAnew(change) ? [...index.allNamespaces()] : [];
      tell({ kind: "clusterPolicy", change, resolvedAnew: changed.flatMap(index.resolveAgain) });
    },
    log,
  });
  const namespaces = startWatch({
    client,
    path: "/api/v1/namespaces",
    kind: "Namespace",
    project: (object) => projectNamespace(object, tooWide.namespace),
    onChange: (change) => {
      const same = isDeepStrictEqual(change.old?.labels, change.now?.labels);
      const resolvedAnew = same ? [] : index.resolveAgain(change.key);
      tell({ kind: "namespace", change, resolvedAnew });
    },
    log,
  });
  const services = startWatch({
    client,
    path: "/api/v1/services",
    kind: "Service",
    project: (object) => projectService(object, tooWide.service),
    onChange: (change) => tell({ kind: "service", change }),
    // They are many, and a lost event costs one refusal or one circle: listed anew by a new leader, not by time.
    times: { relist: Number.POSITIVE_INFINITY },
    log,
  });
  const certificates = followCertificate(options, (change) =>
    tell({ kind: "certificate", change }),
  );
  const all = [policies, clusterPolicies, namespaces, services, certificates];
  const synced = () => all.every((watch) => watch.synced());
  return {
    policies,
    index,
    clusterPolicies,
    clusterPoliciesOf,
    namespaces,
    services,
    certificates,
    standards: (namespace) => reaching(namespace).map((policy) => policy.standards),
    namespacesWithAppliedStandards: () =>
      namespacesWhere(({ standards }) => appliesStandards(standards)),
    selectorsOfAppliedStandards: () =>
      [...clusterPolicies.values()]
        .filter(({ standards }) => appliesStandards(standards))
        .map(({ namespaceSelector }) => namespaceSelector),
    namespacesWithStandards: () => namespacesWhere(({ standards }) => standards !== undefined),
    certificate: () => certificates.get(keyOf({ namespace, name: certificateSecret })),
    service: (key) => services.get(keyOf(key)),
    namespaceOptedOut: (name) => namespaces.get(name)?.optedOut ?? false,
    namespaceAnnotations: (name) => namespaces.get(name)?.annotations ?? {},
    heldBack: (policy) => heldBackBecause(policies.get(keyOf(policy))?.status),
    synced,
    untilSynced: async (signal) => {
      while (!synced() && !signal.aborted) {
        await sleep(SYNC_POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined);
      }
    },
    refresh: async () => {
      await Promise.all(all.map((watch) => watch.refresh()));
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async () => {
      await Promise.all(all.map((watch) => watch.stop()));
    },
  };
}
