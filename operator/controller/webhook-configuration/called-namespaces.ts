/** About which namespaces' pods the API server asks us: by their names, or by labels. Pure. */
import { excludedNamespaces } from "../../api/names.ts";
import type { LabelSelector } from "../../api/v1alpha1-selector.ts";

/**
 * Up to so many namespaces are listed, an object of that size being quick to match and to store. With more,
 * every namespace is asked about but the excluded ones.
 */
export const MAX_LISTED_NAMESPACES = 500;

/**
 * Each selector is a webhook of its own, and a namespace that all of them select costs a pod as many calls. While no
 * operator answers, each call lasts until its timeout: more of them could cost a pod its creation.
 */
const MAX_SELECTORS = 4;

/** Where standards are applied, told in both ways. */
export interface AppliedStandards {
  /** Of the ClusterHealthPolicies, in any order, also twice. */
  selectors: readonly LabelSelector[];
  /** The namespaces that they select now. */
  namespaces: readonly string[];
}

/** What the configuration selects. */
export interface CalledNamespaces {
  /** Names, sorted, none of them excluded. */
  listed: string[];
  /** Selectors of which each takes further namespaces; also one that does not exist yet. */
  selectors: LabelSelector[];
}

/** What decides. */
export interface CalledNamespacesOptions {
  /** Namespaces with a policy, in any order, also twice. */
  namespaces: readonly string[];
  applied: AppliedStandards;
  /** The operator's own. */
  ownNamespace: string;
  /** Names alone, because the API server takes no such selector. */
  byName?: boolean;
}

function selectsAll({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/** The different ones, sorted; one that takes all namespaces stands for the others. */
function different(selectors: readonly LabelSelector[]): LabelSelector[] {
  if (selectors.some(selectsAll)) return [{}];
  const byText = new Map(selectors.map((selector) => [JSON.stringify(selector), selector]));
  return [...byText].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one);
}

/**
 * What the configuration selects. Where standards are applied it takes the selectors of their ClusterHealthPolicies:
 * a namespace that was listed only once it is there would be called about too late for its first pods.
 */
export function calledNamespaces({
  namespaces,
  applied,
  ownNamespace,
  byName = false,
}: CalledNamespacesOptions): CalledNamespaces {
  const excluded = excludedNamespaces(ownNamespace);
  const list = (names: readonly string[]) =>
    [...new Set(names)].filter((name) => !excluded.includes(name)).sort();
  const selectors = different(applied.selectors);
  const listed = list(namespaces);
  // So many policies stand for every namespace, and leave nothing to select.
  if (listed.length > MAX_LISTED_NAMESPACES) return { listed, selectors: [] };
  if (!byName && selectors.length <= MAX_SELECTORS) return { listed, selectors };
  return { listed: list([...listed, ...applied.namespaces]), selectors: [] };
}
