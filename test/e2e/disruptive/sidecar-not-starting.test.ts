/** The sidecar's image is there and its program does not start: an image without the program that it names. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { created } from "../harness/created.ts";
import { installChart } from "../harness/installed-chart.ts";
import { kubectl, runOrThrow } from "../harness/kubectl.ts";
import { oldReplicasGone, operatorMetric } from "../harness/operator.ts";
import { appReady, isInjected, isReady, podsOf, sidecarRestarts } from "../harness/pods.ts";
import { condition, getPolicy, policyProgrammed } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { smallDeployment } from "../harness/small-deployment.ts";
import { unscheduledPod } from "../harness/small-pod.ts";
import { waitFor, waitUntil } from "../harness/wait-for.ts";
import { IMAGE_BUILD, IMAGE_MISSED, POD_STARTS, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

const STUCK = "e2e-sidecar-not-starting";
const OTHER = "e2e-sidecar-not-starting-other";
const FILE = "disruptive/image-not-pulled.yaml";
const TAG = "without-program";
const LOAD_IMAGES = join(import.meta.dirname, "../cluster/load-images.sh");

/** An archive without a file. */
const EMPTY_TAR = "\0".repeat(10_240);

/** Never found running by the kubelet, as one that crashes at once may be by chance: then its pod starts. */
async function makeImage(): Promise<void> {
  const image = `healthpolicy/sidecar:${TAG}`;
  // The user of the sidecar's own image: one of root is refused before anything is started.
  const changes = ["USER 65532:65532", 'ENTRYPOINT ["/sidecar"]'];
  const asked = changes.flatMap((change) => ["--change", change]);
  await runOrThrow("docker", ["import", ...asked, "-", image], { input: EMPTY_TAR });
  await runOrThrow("env", [`IMAGE_TAG=${TAG}`, LOAD_IMAGES, "sidecar"], { timeout: IMAGE_BUILD });
  await runOrThrow("docker", ["rmi", image]);
}

beforeAll(async () => {
  await makeImage();
  await Promise.all([STUCK, OTHER].map((namespace) => openPolicyNamespace(namespace, FILE)));
}, WHOLE_TEST);
afterAll(async () => {
  await kubectl(["delete", "namespace", STUCK, OTHER, "--wait=false"]);
  await installChart("upgrade");
}, WHOLE_TEST);

const programmed = async (namespace: string) =>
  condition(await getPolicy(namespace, "web"), "Programmed");
const stopped = () => operatorMetric("healthpolicy_injection_stopped");

test(
  "a sidecar that does not start: three pods hang, injection stops in their namespace alone, new pods start, and with the right image they are injected",
  async () => {
    expect(await stopped()).toStrictEqual([0]);
    await installChart("upgrade", `sidecar.image.tag=${TAG}`);
    await oldReplicasGone();
    await created(smallDeployment(STUCK, "stuck", 3));
    const stuck = () => podsOf(STUCK, "deployment=stuck");
    await waitUntil({ what: "sidecars to be tried again", within: POD_STARTS }, async () => {
      const pods = await stuck();
      return pods.length === 3 && pods.every((pod) => sidecarRestarts(pod) > 0);
    });
    expect((await stuck()).map((pod) => isInjected(pod) && !appReady(pod))).toStrictEqual([
      true,
      true,
      true,
    ]);

    const what = `injection to stop in ${STUCK}`;
    const { status, message } = await waitFor({ what, within: IMAGE_MISSED }, async () => {
      const found = await programmed(STUCK);
      return found?.reason === "ImageNotPulled" ? found : undefined;
    });
    expect(status).toBe("False");
    expect(message).toContain(
      `The sidecar's image healthpolicy/sidecar:${TAG} cannot be pulled or`,
    );
    const names = (await stuck()).map(({ metadata }) => metadata.name);
    expect(names.some((name) => message.includes(`kubectl describe pod ${name} -n`))).toBe(true);
    expect((await stuck()).some(appReady)).toBe(false);

    // Whoever may create pods can make a sidecar fail: others are not to lose theirs by it.
    expect((await programmed(OTHER))?.reason).toBe("Programmed");
    expect(isInjected(await created(unscheduledPod(OTHER, "later")))).toBe(true);
    expect((await stopped())[0]).toBe(1);

    await created(smallDeployment(STUCK, "helped", 2));
    await waitUntil({ what: "new pods to start", within: POD_STARTS }, async () => {
      const helped = await podsOf(STUCK, "deployment=helped");
      return helped.length === 2 && helped.every((pod) => isReady(pod) && !isInjected(pod));
    });

    await installChart("upgrade");
    await policyProgrammed(STUCK, "web");
    expect(isInjected(await created(unscheduledPod(STUCK, "after")))).toBe(true);
    await waitUntil({ what: "the metric to be 0", within: STATUS_FOLLOWS }, async () =>
      (await stopped()).every((namespaces) => namespaces === 0),
    );
  },
  WHOLE_TEST,
);
