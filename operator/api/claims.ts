/** Whose the pods of one namespace are, while its policies stay as they are. */
import { byAge, type Candidate, selectorMatcher } from "./select-policy.ts";
import type { LabelSelector } from "./v1alpha1-selector.ts";

type Labels = Readonly<Record<string, string>>;

/** The policies of a namespace, in the order in which they claim pods, and what follows from that order. */
export interface Claims<P> {
  /** The oldest first. */
  policies: readonly P[];
  /** Whether the policy selects a pod with these labels, whoever it belongs to. */
  selects(policy: Pick<Candidate, "selector">, labels: Labels): boolean;
  /** The policy that a pod with these labels belongs to. */
  owner(labels: Labels): P | undefined;
  /** The oldest of those that are older than this one and claim whatever it selects, pods or not. */
  coveredBy(policy: P): P | undefined;
}

type Requirement = NonNullable<LabelSelector["matchExpressions"]>[number];

function areEqual(one: Requirement, other: Requirement): boolean {
  const values = one.values ?? [];
  const others = other.values ?? [];
  return (
    one.key === other.key &&
    one.operator === other.operator &&
    values.length === others.length &&
    values.every((value, index) => value === others[index])
  );
}

/** Whether every pod that `narrow` selects is surely one that `wide` selects. */
function covers(wide: LabelSelector, narrow: LabelSelector): boolean {
  const labels = Object.entries(wide.matchLabels ?? {});
  return (
    labels.every(([key, value]) => narrow.matchLabels?.[key] === value) &&
    (wide.matchExpressions ?? []).every((wanted) =>
      narrow.matchExpressions?.some((given) => areEqual(given, wanted)),
    )
  );
}

/** Answers each key once, and remembers the answer for as long as something else knows the key. */
function rememberEach<K extends object, V>(answer: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { value: V }>();
  return (key) => {
    const found = known.get(key) ?? { value: answer(key) };
    known.set(key, found);
    return found.value;
  };
}

/**
 * The claims of these policies, in any order. To be kept until one of them changes: each policy is counted against
 * every pod, and where each count asked each policy anew about each pod, 400 policies and 400 pods of one namespace
 * held up the leader for all others. Labels are told apart as objects, and must not be changed.
 */
export function claimsOf<P extends Candidate>(all: readonly P[]): Claims<P> {
  const policies = all.toSorted(byAge);
  const matcherOf = rememberEach(selectorMatcher);
  return {
    policies,
    selects: ({ selector }, labels) => matcherOf(selector)(labels),
    owner: rememberEach((labels: Labels) =>
      policies.find(({ selector }) => matcherOf(selector)(labels)),
    ),
    coveredBy: rememberEach((policy: P) =>
      policies.find((other) => byAge(other, policy) < 0 && covers(other.selector, policy.selector)),
    ),
  };
}
