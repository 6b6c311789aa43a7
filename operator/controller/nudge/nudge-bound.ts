/**
 * Proves that the operator may change no more of pods than its annotation: it tries, as a dry run, to change something
 * else of its own pod, which the chart's ValidatingAdmissionPolicy has to refuse. Without that one, whoever has the
 * operator's token can give any pod of the cluster another image.
 */
import type { Logger } from "pino";
import { GROUP } from "../../api/names.ts";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import { ApiError } from "../kube/api-error.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { whyFailed } from "../kube/why-failed.ts";

/** Between two proofs. */
const NUDGE_PROOF_MILLISECONDS = 60_000;
/** So the messages of the chart's admission policy for the operator's account begin, and no other's. */
const REFUSAL = "The operator of HealthPolicy may";
const FIELD_MANAGER = "healthpolicy-nudge-proof";
/** An annotation that nobody else has; it is never stored. */
const FORBIDDEN = { metadata: { annotations: { [`${GROUP}/nudge-proof`]: "true" } } };

/** `unknown`: not tried yet, or the API server said something else. */
export type NudgeBound = "bounded" | "unbounded" | "unknown";

/** What proving needs. */
export interface NudgeBoundOptions {
  client: Pick<KubeClient, "request">;
  /** The operator's own pod, which is bound to no policy. */
  pod: NamespacedName;
  log: Pick<Logger, "info" | "warn" | "error">;
}

/** Proves, and tells what is known. */
export interface NudgeBoundProver {
  /** One proof; resolves with the milliseconds until the next. Never rejects. */
  prove(): Promise<number>;
  state(): NudgeBound;
}

const MESSAGES = {
  bounded: "the API server refuses the operator every change of pods but its annotation",
  unbounded:
    "the API server lets the operator change anything of pods: the chart's ValidatingAdmissionPolicy for nudge.enabled, or its binding, is not there; install the chart again, or set nudge.enabled=false",
  unknown: "whether the operator's right on pods is bounded could not be tried",
} as const;

/** A prover that has proven nothing yet. */
export function createNudgeBoundProver({ client, pod, log }: NudgeBoundOptions): NudgeBoundProver {
  let state: NudgeBound | undefined;

  async function tried(): Promise<{ now: NudgeBound; why?: string }> {
    try {
      await client.request({
        method: "PATCH",
        path: `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`,
        query: { dryRun: "All", fieldManager: FIELD_MANAGER },
        contentType: "application/merge-patch+json",
        body: FORBIDDEN,
      });
      return { now: "unbounded" };
    } catch (error) {
      const isRefusal = error instanceof ApiError && error.message.includes(REFUSAL);
      return isRefusal ? { now: "bounded" } : { now: "unknown", why: whyFailed(error) };
    }
  }

  function tell(now: NudgeBound, why: string | undefined): void {
    if (now === "unbounded") log.error(MESSAGES.unbounded);
    else if (now === "unknown") log.warn({ why }, MESSAGES.unknown);
    else log.info(MESSAGES.bounded);
  }

  return {
    prove: async () => {
      const { now, why } = await tried();
      if (now !== state) tell(now, why);
      state = now;
      return NUDGE_PROOF_MILLISECONDS;
    },
    state: () => state ?? "unknown",
  };
}
