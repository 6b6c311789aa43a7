/** What is known of this pod at one moment: what /readyz, /status and /metrics are made of. */
import type { CheckCounts } from "./check-counts.ts";
import type { Judged, Verdict } from "./verdict.ts";

/** One dependency as probes, status and metrics show it. */
export interface DependencyView extends Judged {
  type: string;
  counts: CheckCounts;
}

/** All that the answers are made of, at one moment. */
export interface PodView {
  policy: string | undefined;
  generation: number | undefined;
  /** formatVersion of the policy file, while that is one which this version cannot read. */
  unsupportedFormat?: number | undefined;
  verdict: Verdict;
  /** In a dry run, what the verdict would be if the policy were enforced, and had been all the time. */
  enforced?: Verdict | undefined;
  /** Other pods are asked before this one turns unready. */
  asksPeers?: boolean | undefined;
  dependencies: DependencyView[];
}
