import { expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { MAX_STOPPED_WORKLOADS } from "../../api/v1alpha1-rollout-status.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { leftAlone } from "./left-alone.ts";
import { restartRule } from "./restartable.ts";
import { currentPod, inWorkload, pod, RESTART } from "./testing/rollout-facts.ts";
import { workloadStates } from "./workload-state.ts";

const WEB = "Deployment/web";

function leftOf(names: readonly string[], pods: PodRecord[], before: [string, number][] = []) {
  const states = workloadStates(pods, restartRule(RESTART, claimsOf([RESTART])));
  return [...leftAlone(names, states, new Map(before))];
}

test.each<[string, PodRecord[], [string, number][], [string, number][]]>([
  ["from now on", [pod("web-1"), currentPod("web-2")], [], [[WEB, 1]]],
  ["as before", [pod("web-1"), currentPod("web-2")], [[WEB, 1]], [[WEB, 1]]],
  ["with fewer pods as the policy asks", [pod("web-1")], [[WEB, 1]], [[WEB, 1]]],
  [
    "no longer, once a pod has come that is as the policy asks",
    [pod("web-1"), currentPod("web-2"), currentPod("web-3")],
    [[WEB, 1]],
    [],
  ],
  ["no longer, once nothing is to be restarted", [currentPod("web-1")], [[WEB, 1]], []],
  ["no longer, once it is gone", [], [[WEB, 1]], []],
])("a workload is left alone %s", (_what, pods, before, expected) => {
  expect(leftOf([WEB], pods, before)).toStrictEqual(expected);
});

test("so many and no more", () => {
  const names = Array.from({ length: 12 }, (_, index) => `Deployment/w${index}`);
  const pods = names.map((name, index) => pod(`pod-${index}`, inWorkload(name)));
  expect(leftOf(names, pods)).toHaveLength(MAX_STOPPED_WORKLOADS);
});
