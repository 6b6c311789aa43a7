import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "../harness/created.ts";
import { installChart } from "../harness/installed-chart.ts";
import { kubectl, kubectlJson } from "../harness/kubectl.ts";
import { oldReplicasGone, operatorMetric } from "../harness/operator.ts";
import { isInjected, isReady, podsOf } from "../harness/pods.ts";
import { condition, getPolicy, policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { smallDeployment } from "../harness/small-deployment.ts";
import { unscheduledPod } from "../harness/small-pod.ts";
import { waitFor, waitUntil } from "../harness/wait-for.ts";
import { IMAGE_MISSED, POD_STARTS, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

const STUCK = "e2e-image-not-pulled";
const OTHER = "e2e-image-not-pulled-other";
const FILE = "disruptive/image-not-pulled.yaml";

beforeAll(
  () => Promise.all([STUCK, OTHER].map((namespace) => openPolicyNamespace(namespace, FILE))),
  WHOLE_TEST,
);
afterAll(async () => {
  await kubectl(["delete", "namespace", STUCK, OTHER, "--wait=false"]);
  await installChart("upgrade");
}, WHOLE_TEST);

const programmed = async (namespace: string) =>
  condition(await getPolicy(namespace, "web"), "Programmed");
const stopped = () => operatorMetric("healthpolicy_injection_stopped");

function saysImageNotPulled(namespace: string, within: number) {
  return waitFor({ what: `ImageNotPulled in ${namespace}`, within }, async () => {
    const found = await programmed(namespace);
    return found?.reason === "ImageNotPulled" ? found : undefined;
  });
}

interface Events {
  items: { reason: string; involvedObject: { kind: string; name: string } }[];
}

test(
  "an image that does not exist: three pods wait, injection stops, new pods start, and with the right one they are injected",
  async () => {
    expect(await stopped()).toStrictEqual([0]);
    await installChart("upgrade", "sidecar.image.tag=does-not-exist");
    await oldReplicasGone();
    await created(smallDeployment(STUCK, "stuck", 3));
    const { status, message } = await saysImageNotPulled(STUCK, IMAGE_MISSED);
    expect(status).toBe("False");
    const pods = await podsOf(STUCK, "deployment=stuck");
    expect(pods.map(isInjected)).toStrictEqual([true, true, true]);
    expect(message).toContain("The sidecar's image healthpolicy/sidecar:does-not-exist cannot");
    expect(pods.some(({ metadata }) => message.includes(`pod ${metadata.name} -n`))).toBe(true);

    // Every policy says so, and who reads that of another namespace learns no pod's name.
    const other = await saysImageNotPulled(OTHER, STATUS_FOLLOWS);
    expect(other.message).toContain("for pods of other namespaces");
    expect(other.message).not.toContain("stuck");
    await waitUntil({ what: "an Event on the policy", within: STATUS_FOLLOWS }, async () => {
      const { items } = await kubectlJson<Events>("get", "events", "-n", STUCK);
      return items.some(
        ({ reason, involvedObject: { kind } }) =>
          kind === "HealthPolicy" && reason === "InjectionStopped",
      );
    });

    await created(smallDeployment(OTHER, "helped", 2));
    await waitUntil({ what: "new pods to start", within: POD_STARTS }, async () => {
      const helped = await podsOf(OTHER, "deployment=helped");
      return helped.length === 2 && helped.every((pod) => isReady(pod) && !isInjected(pod));
    });
    expect((await stopped())[0]).toBeGreaterThanOrEqual(2);

    await installChart("upgrade");
    await policyProgrammed(OTHER, "web");
    await policyProgrammed(STUCK, "web");
    expect(isInjected(await created(unscheduledPod(STUCK, "after")))).toBe(true);
    await waitUntil({ what: "the metric to be 0", within: STATUS_FOLLOWS }, async () =>
      (await stopped()).every((namespaces) => namespaces === 0),
    );
  },
  WHOLE_TEST,
);
