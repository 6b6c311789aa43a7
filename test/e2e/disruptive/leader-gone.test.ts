import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { kubectl, kubectlJson } from "../harness/kubectl.ts";
import { OPERATOR_NAMESPACE, scaleOperator } from "../harness/operator.ts";
import { podMaker } from "../harness/pod-maker.ts";
import { podsDuring } from "../harness/pods-during.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { killProcesses } from "../harness/stopped-processes.ts";
import { waitFor } from "../harness/wait-for.ts";
import {
  ENDPOINT_GONE,
  LEASE_TAKEN,
  OPERATOR_ROLLOUT,
  POD_STARTS,
  WHOLE_TEST,
} from "../timeouts.ts";

const NAMESPACE = "e2e-leader-gone";

beforeAll(() => openPolicyNamespace(NAMESPACE, "disruptive/leader-gone.yaml"), WHOLE_TEST);
afterEach(() => scaleOperator(2), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

async function leader(): Promise<string> {
  const { spec } = await kubectlJson<{ spec: { holderIdentity?: string } }>(
    ...["get", "lease", "healthpolicy-operator", "-n", OPERATOR_NAMESPACE],
  );
  return spec.holderIdentity ?? "";
}

const createPod = podMaker(NAMESPACE);

/** Waits until another replica than this one holds the Lease; gives how long that took since a moment. */
async function followedBy(old: string, since: number): Promise<number> {
  await waitFor({ what: "another leader", within: LEASE_TAKEN }, async () => {
    const now = await leader();
    return now !== old && now !== "" ? now : undefined;
  });
  return performance.now() - since;
}

const inOperatorNamespace = (...parameters: string[]) =>
  kubectl([...parameters, "-n", OPERATOR_NAMESPACE], { timeout: OPERATOR_ROLLOUT });

test(
  "a leader that is asked to go gives the Lease away at once, and no pod misses its sidecar",
  async () => {
    const old = await leader();
    let took = 0;
    const made = await podsDuring(createPod, async () => {
      const since = performance.now();
      await inOperatorNamespace("delete", "pod", old, "--wait=false");
      took = await followedBy(old, since);
      await inOperatorNamespace("wait", "pod", old, "--for=delete", `--timeout=${POD_STARTS}ms`);
      await sleep(ENDPOINT_GONE);
    });
    console.log(`another leader after ${Math.round(took)} ms, ${made.length} pods created`);
    expect(made.length).toBeGreaterThan(10);
    expect(made.filter(({ injected }) => !injected)).toEqual([]);
  },
  WHOLE_TEST,
);

test(
  "a leader that is killed is followed when its Lease is over, and admission goes on",
  async () => {
    const old = await leader();
    await inOperatorNamespace("label", "pod", old, "e2e=leader");
    const begun = performance.now();
    const made = await podsDuring(createPod, async () => {
      await killProcesses({ namespace: OPERATOR_NAMESPACE, selector: "e2e=leader" });
      // Else its container would start again, under the name that holds the Lease.
      await inOperatorNamespace("delete", "pod", old, "--grace-period=0", "--force");
      const took = await followedBy(old, begun);
      console.log(`another leader ${Math.round(took)} ms after the kill`);
      await sleep(ENDPOINT_GONE);
    });
    const missed = made.filter(({ injected }) => !injected);
    console.log(`${missed.length} of ${made.length} pods missed`);
    // A replica that vanishes is still an address of the Service for a moment, where a review can be lost.
    expect(missed.filter(({ at }) => at > begun + ENDPOINT_GONE)).toEqual([]);
    expect(made.filter(({ at }) => at > begun + ENDPOINT_GONE).length).toBeGreaterThan(5);
  },
  WHOLE_TEST,
);
