import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "./harness/created.ts";
import { kubectl } from "./harness/kubectl.ts";
import { isInjected, podsOf } from "./harness/pods.ts";
import { condition, getPolicy } from "./harness/policy.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { smallPod, unscheduledPod } from "./harness/small-pod.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { IMAGE_MISSED, WHOLE_TEST } from "./timeouts.ts";

const HERE = "e2e-image-not-pulled-here";
const ELSEWHERE = "e2e-image-pulled-elsewhere";

beforeAll(
  () =>
    Promise.all(
      [HERE, ELSEWHERE].map((one) => openPolicyNamespace(one, "image-not-pulled-here.yaml")),
    ),
  WHOLE_TEST,
);
afterAll(() => kubectl(["delete", "namespace", HERE, ELSEWHERE, "--wait=false"]));

/** As a webhook leaves it that sends pulls to a mirror: our own keeps the registry when it is called again. */
function podFromMirror(name: string) {
  const pod = smallPod(HERE, name);
  const [app] = pod.spec.containers;
  const image = "mirror.invalid/healthpolicy/sidecar:dev";
  const sidecar = { ...app, name: "healthpolicy-sidecar", image, restartPolicy: "Always" };
  return { ...pod, spec: { ...pod.spec, initContainers: [sidecar] } };
}

const reason = async (namespace: string) =>
  condition(await getPolicy(namespace, "web"), "Programmed")?.reason;

test(
  "a registry that one namespace's pods are sent to lacks the image: injection stops there and nowhere else",
  async () => {
    // It has the image, as pods of most clusters do: without one, nobody could tell whose fault it is.
    await created(smallPod(ELSEWHERE, "web-0"));
    for (let count = 0; count < 3; count += 1) await created(podFromMirror(`web-${count}`));
    expect((await podsOf(HERE, "app=web")).map(isInjected)).toStrictEqual([true, true, true]);
    await waitUntil(
      { what: "injection to stop", within: IMAGE_MISSED },
      async () => (await reason(HERE)) === "ImageNotPulled",
    );
    expect(isInjected(await created(unscheduledPod(HERE, "later")))).toBe(false);
    expect(await reason(ELSEWHERE)).toBe("Programmed");
    expect(isInjected(await created(unscheduledPod(ELSEWHERE, "later")))).toBe(true);
  },
  WHOLE_TEST,
);
