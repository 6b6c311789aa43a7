import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "./harness/created.ts";
import { kubectl, run } from "./harness/kubectl.ts";
import { isInjected, isReady, podsOf } from "./harness/pods.ts";
import { condition, countsBecome, getPolicy } from "./harness/policy.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { smallPod, unscheduledPod } from "./harness/small-pod.ts";
import { waitFor, waitUntil } from "./harness/wait-for.ts";
import { SCENE_READY, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-circular-dependency";
const SENTENCE =
  "The selector matches pods behind Service orders-db, the host of dependency orders-db. So that none waits for itself they get no sidecar, or within two minutes the one that they have does not wait for it. Leave them out of the selector.";

const here = (...parameters: string[]) => kubectl(["-n", NAMESPACE, ...parameters]);

/** Waits until Accepted has this reason, and gives the policy. */
const acceptedBecomes = (reason: string) =>
  waitFor({ what: `Accepted to be ${reason}`, within: STATUS_FOLLOWS }, async () => {
    const policy = await getPolicy(NAMESPACE, "web");
    return condition(policy, "Accepted")?.reason === reason ? policy : undefined;
  });

beforeAll(() => openPolicyNamespace(NAMESPACE, "circular-dependency.yaml"), WHOLE_TEST);
afterAll(() => here("delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found"));

test(
  "the pods behind a policy's own host get no sidecar, so that they start and the others after them",
  async () => {
    await here("scale", "deployment/orders-db", "--replicas=1");
    await created(smallPod(NAMESPACE, "web"));
    const all = { what: "the database and the app to be ready", within: SCENE_READY };
    await waitUntil(all, async () => {
      const pods = await podsOf(NAMESPACE, "");
      return pods.length === 2 && pods.every(isReady);
    });
    expect((await podsOf(NAMESPACE, "app=orders-db")).map(isInjected)).toStrictEqual([false]);
    expect((await podsOf(NAMESPACE, "app=web")).map(isInjected)).toStrictEqual([true]);

    const policy = await acceptedBecomes("CircularDependency");
    expect(condition(policy, "Accepted")).toMatchObject({ status: "False", message: SENTENCE });
    expect(condition(policy, "Ready")).toMatchObject({ status: "False", message: SENTENCE });
    expect(condition(policy, "Stalled")?.status).toBe("True");
    await countsBecome(NAMESPACE, { matched: 1, injected: 1, optedOut: 1 });
  },
  WHOLE_TEST,
);

test(
  "who creates such a pod is told why, and a selector without them is accepted",
  async () => {
    const pod = unscheduledPod(NAMESPACE, "orders-db-2");
    const labels = { app: "orders-db", role: "serving" };
    const input = JSON.stringify({ ...pod, metadata: { ...pod.metadata, labels } });
    const { stderr } = await run("kubectl", ["create", "-f", "-"], { input });
    expect(stderr).toContain(
      "HealthPolicy web matches this pod, but it gets no sidecar: The pod is behind Service orders-db, the host of dependency orders-db, and would wait for itself.",
    );

    const selector = { matchLabels: { app: "web" } };
    await here(
      "patch",
      "hpol",
      "web",
      "--type=merge",
      "-p",
      JSON.stringify({ spec: { selector } }),
    );
    const policy = await acceptedBecomes("Accepted");
    expect(condition(policy, "Stalled")?.status).toBe("False");
    await countsBecome(NAMESPACE, { matched: 1, injected: 1, outdated: 0, optedOut: 0 });
  },
  WHOLE_TEST,
);
