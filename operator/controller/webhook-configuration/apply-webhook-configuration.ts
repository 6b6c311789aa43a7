/** Writes the webhook configuration, and stops writing when the chart has been uninstalled. */
import type { Logger } from "pino";
import { isApiError } from "../kube/api-error.ts";
import { clusterRolePath, RBAC_API_VERSION } from "../kube/cluster-role.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { whyFailed } from "../kube/why-failed.ts";
import {
  type AppliedStandards,
  type CalledNamespaces,
  calledNamespaces,
} from "./called-namespaces.ts";
import {
  WEBHOOK_CONFIGURATION_PATH,
  type WebhookTarget,
  webhookConfiguration,
} from "./webhook-configuration.ts";

/** Written again after so long even when unchanged: somebody may have edited or deleted it. */
export const WEBHOOK_REAPPLY_MILLISECONDS = 60_000;

const FIELD_MANAGER = "healthpolicy-webhook";

/** What a writer of the configuration needs. */
export interface WebhookWriterOptions {
  client: KubeClient;
  target: WebhookTarget;
  /** The chart's ClusterRole, which owns the configuration. */
  clusterRole: string;
  log: Pick<Logger, "info" | "warn">;
}

/** What the configuration is to be made for. */
export interface WantedConfiguration {
  caBundle: string;
  /** Namespaces with a policy. */
  namespaces: readonly string[];
  applied: AppliedStandards;
}

/** Writes the one configuration and remembers since when it lists which namespaces. */
export interface WebhookWriter {
  /** Writes when needed; resolves with whether it did. */
  write(wanted: WantedConfiguration): Promise<boolean>;
  /** The next write takes place, whatever was written last: the configuration may be gone. */
  writeAgain(): void;
  /** Why the last write has failed; undefined where it has not. No text of a server. */
  whyUnwritten(): string | undefined;
  /** Milliseconds since the configuration first listed the namespace; undefined when it does not. */
  listedFor(namespace: string): number | undefined;
}

/** A writer that knows nothing yet: its first write takes place. */
export function createWebhookWriter(options: WebhookWriterOptions): WebhookWriter {
  const { client, target, clusterRole, log } = options;
  const listedAt = new Map<string, number>();
  let last = { content: "", at: Number.NEGATIVE_INFINITY };
  /** Selectors that the API server did not take; names stand in their place. */
  let refused = "";
  let unwritten: string | undefined;

  /** The owner's uid; undefined when the chart is gone. */
  async function ownerUid(): Promise<string | undefined> {
    try {
      const role = await client.request<{ metadata: { uid: string; deletionTimestamp?: string } }>({
        method: "GET",
        path: clusterRolePath(clusterRole),
      });
      return role.metadata.deletionTimestamp === undefined ? role.metadata.uid : undefined;
    } catch (error) {
      if (isApiError(error, 404)) return undefined;
      throw error;
    }
  }

  function remember(namespaces: readonly string[]): void {
    const now = performance.now();
    for (const name of [...listedAt.keys()]) if (!namespaces.includes(name)) listedAt.delete(name);
    for (const name of namespaces) if (!listedAt.has(name)) listedAt.set(name, now);
  }

  function calledFor({ namespaces, applied }: WantedConfiguration): CalledNamespaces {
    const byName = JSON.stringify(applied.selectors) === refused;
    return calledNamespaces({ namespaces, applied, ownNamespace: target.namespace, byName });
  }

  /** Applies the configuration; resolves with what it selects. */
  async function apply(wanted: WantedConfiguration, uid: string): Promise<CalledNamespaces> {
    const owner = { apiVersion: RBAC_API_VERSION, kind: "ClusterRole", name: clusterRole, uid };
    const called = calledFor(wanted);
    try {
      await client.apply({
        path: WEBHOOK_CONFIGURATION_PATH,
        object: webhookConfiguration({ caBundle: wanted.caBundle, called, target, owner }),
        fieldManager: FIELD_MANAGER,
        // The whole object is ours.
        force: true,
      });
      return called;
    } catch (error) {
      // A selector that our own API lets through and this one does not must not cost all others their sidecars.
      if (!isApiError(error, 422) || called.selectors.length === 0) throw error;
      refused = JSON.stringify(wanted.applied.selectors);
      log.warn({ err: error }, "a namespaceSelector is refused; namespaces are listed by name");
      return apply(wanted, uid);
    }
  }

  async function write(wanted: WantedConfiguration): Promise<boolean> {
    const content = JSON.stringify([wanted.caBundle, calledFor(wanted)]);
    const fresh = performance.now() - last.at < WEBHOOK_REAPPLY_MILLISECONDS;
    if (fresh && last.content === content) return false;
    // Asked before every write: an uninstall deletes the owner first, and what is written for an owner
    // that is gone would call a Service that is gone. Between this and the write the garbage collector
    // looks after it: it deletes what names an owner that does not exist.
    const uid = await ownerUid();
    if (uid === undefined) {
      listedAt.clear();
      last = { content: "", at: Number.NEGATIVE_INFINITY };
      log.warn(
        { clusterRole },
        "the chart is uninstalled; the webhook configuration is left alone",
      );
      return false;
    }
    const called = await apply(wanted, uid);
    remember(called.listed);
    if (last.content !== content) {
      const { listed, selectors } = called;
      log.info({ namespaces: listed.length, selectors: selectors.length }, "webhook configuration");
    }
    last = { content: JSON.stringify([wanted.caBundle, called]), at: performance.now() };
    return true;
  }

  return {
    write: async (wanted) => {
      try {
        const wrote = await write(wanted);
        unwritten = undefined;
        return wrote;
      } catch (error) {
        unwritten = whyFailed(error);
        throw error;
      }
    },
    writeAgain: () => {
      last = { ...last, at: Number.NEGATIVE_INFINITY };
    },
    whyUnwritten: () => unwritten,
    listedFor: (namespace) => {
      const at = listedAt.get(namespace);
      return at === undefined ? undefined : performance.now() - at;
    },
  };
}
