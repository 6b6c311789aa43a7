/** Which policy a pod is bound to. */
import type { LabelSelector } from "./v1alpha1-selector.ts";

type Labels = Readonly<Record<string, string>>;

type Requirement = NonNullable<LabelSelector["matchExpressions"]>[number];

/** Whether labels are as something asks for. */
export type Matcher = (labels: Labels) => boolean;

function requirementMatcher({ key, operator, values }: Requirement): Matcher {
  // Its own alone: every object inherits `constructor` and the like, which no pod has as a label.
  const has = (labels: Labels) => Object.hasOwn(labels, key);
  const isListed = (labels: Labels) => has(labels) && values?.includes(labels[key] ?? "") === true;
  switch (operator) {
    case "In":
      return isListed;
    case "NotIn":
      // As in Kubernetes: a pod without the label meets NotIn.
      return (labels) => !isListed(labels);
    case "Exists":
      return has;
    case "DoesNotExist":
      return (labels) => !has(labels);
  }
}

/**
 * Whether a pod with given labels is selected; an empty selector selects every pod. To be made once for many pods: a
 * selector may have 12 labels and 8 conditions, and to take them apart for each pod took up to twice as long.
 */
export function selectorMatcher(selector: LabelSelector): Matcher {
  const wanted = Object.entries(selector.matchLabels ?? {});
  const requirements = (selector.matchExpressions ?? []).map(requirementMatcher);
  return (labels) =>
    wanted.every(([key, value]) => labels[key] === value) &&
    requirements.every((isMet) => isMet(labels));
}

/** The same for one pod. */
export function selectorMatches(selector: LabelSelector, labels: Labels): boolean {
  return selectorMatcher(selector)(labels);
}

/** What of a policy decides whom it is for, and which of two is older. */
export interface Candidate {
  name: string;
  creationTimestamp: string;
  selector: LabelSelector;
}

type Aged = Pick<Candidate, "name" | "creationTimestamp">;

/**
 * Older first; policies created in the same second are ordered by name. The order in which they claim pods
 * (GEP-713), and the one place that says it: admission and the counts of the status both sort by it.
 */
export function byAge(left: Aged, right: Aged): number {
  // Times of the API server are of one form and length. By code unit: by locale it takes a hundred times as long.
  if (left.creationTimestamp !== right.creationTimestamp) {
    return left.creationTimestamp < right.creationTimestamp ? -1 : 1;
  }
  return left.name < right.name ? -1 : 1;
}

/**
 * The policies of a namespace that match a pod with these labels, the one that it belongs to first. For many pods the
 * namespace's Claims answer faster.
 */
export function matchingPolicies<P extends Candidate>(policies: readonly P[], labels: Labels): P[] {
  return policies.filter((policy) => selectorMatches(policy.selector, labels)).toSorted(byAge);
}
