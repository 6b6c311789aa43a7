/** What is said of a policy's ConfigMap that the API server does not store. */
import { policyConfigMapName } from "../../api/names.ts";
import type { NamespacedName } from "../../api/namespaced-name.ts";
import { ApiError } from "../kube/api-error.ts";
import { keyOf } from "../kube/kube-object.ts";
import { codeAndReason } from "../kube/why-failed.ts";

/**
 * Answers between 400 and 499 that mend themselves as a rule, as all from 500 do: our token is renewed, the object or
 * its namespace is gone, the call took too long, another write came first, the server has too much to do.
 */
const PASSING: readonly number[] = [401, 404, 408, 409, 429];
/** What has not mended itself after so long is told: else nobody sees that pods go on with an older policy. */
const PASSING_MILLISECONDS = 60_000;
/** Refusals farther apart are two: writes are tried again within a minute, so there was nothing to write in between. */
const APART_MILLISECONDS = 180_000;

/** A refusal that lasts: by a quota, a policy engine or because its webhook is down, or as it is immutable. */
export interface ConfigMapRefused {
  state: "refused";
  message: string;
  /** Whether the policy has a ConfigMap from before that pods follow; undefined where that was not seen. */
  stands: boolean | undefined;
  error: ApiError;
}

/** Remembers since when the API server has stored none of the writes of a policy's ConfigMap. */
export interface ConfigMapRefusals {
  /** What this answer says; throws it where it is no news, or not yet, and what is no answer. */
  refused(error: unknown, policy: NamespacedName, stands: boolean | undefined): ConfigMapRefused;
  /** It is written, or the policy is gone. */
  forget(key: string): void;
}

/** Nothing was refused yet. */
export function createConfigMapRefusals(): ConfigMapRefusals {
  const refusedAt = new Map<string, { first: number; last: number }>();

  /** Remembers a refusal; gives for how many milliseconds writes have been refused by now. */
  function note(key: string): number {
    const now = performance.now();
    const before = refusedAt.get(key);
    const first = before && now - before.last < APART_MILLISECONDS ? before.first : now;
    refusedAt.set(key, { first, last: now });
    return now - first;
  }

  return {
    refused: (error, policy, stands) => {
      const key = keyOf(policy);
      if (!(error instanceof ApiError)) {
        // A server that comes back may answer 500 at first: the time in which it was away does not count.
        refusedAt.delete(key);
        throw error;
      }
      const refusedFor = note(key);
      if (mendsItself(error) && refusedFor < PASSING_MILLISECONDS) throw error;
      const name = policyConfigMapName(policy.name);
      const message = `The API server refuses ConfigMap ${name} with ${codeAndReason(error)}.`;
      return { state: "refused", message, stands, error };
    },
    forget: (key) => refusedAt.delete(key),
  };
}

function mendsItself({ code }: ApiError): boolean {
  return code < 400 || code >= 500 || PASSING.includes(code);
}
