/** Which policy a pod is bound to. */
import type { LabelSelector } from "./v1alpha1-selector.ts";

type Labels = Readonly<Record<string, string>>;

type Requirement = NonNullable<LabelSelector["matchExpressions"]>[number];

function meets(labels: Labels, requirement: Requirement): boolean {
  // Its own alone: every object inherits `constructor` and the like, which no pod has as a label.
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  const listed = requirement.values?.some((one) => one === value) ?? false;
  switch (requirement.operator) {
    case "In":
      return listed;
    case "NotIn":
      // As in Kubernetes: a pod without the label meets NotIn.
      return !listed;
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/** Whether a pod with these labels is selected; an empty selector selects every pod. */
export function selectorMatches(selector: LabelSelector, labels: Labels): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(labels, requirement))
  );
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
