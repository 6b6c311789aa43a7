import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { noEndpoints } from "../harness/endpoints.ts";
import { onlyTheSidecarObjects, promised } from "../harness/expect-readiness.ts";
import { kubectl, kubectlJson } from "../harness/kubectl.ts";
import { dependencyReport, isReady, restarts } from "../harness/pods.ts";
import { rawConnectGives } from "../harness/raw-connect.ts";
import { openScene, type Scene } from "../harness/scene.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { ADDRESSES_SERVE, KUBERNETES_ALLOWANCE, POD_STARTS, WHOLE_TEST } from "../timeouts.ts";

const COREDNS = ["deployment/coredns", "-n", "kube-system"];

let scene: Scene;
let replicas: number;
const scaleNameServers = (count: number) => kubectl(["scale", ...COREDNS, `--replicas=${count}`]);

beforeAll(async () => {
  scene = await openScene("disruptive/name-servers-gone");
  const { spec } = await kubectlJson<{ spec: { replicas: number } }>("get", ...COREDNS);
  replicas = spec.replicas;
}, WHOLE_TEST);
afterAll(async () => {
  await scaleNameServers(replicas);
  await scene?.close();
}, WHOLE_TEST);

test(
  "without name servers found addresses serve for their time, then the pods leave and say so",
  async () => {
    const cache = { namespace: scene.namespace, host: "sessions", port: 11_211 };
    await rawConnectGives(cache, "connected");
    await scaleNameServers(0);
    await noEndpoints("kube-system", "kube-dns");
    const gone = performance.now();
    const within = ADDRESSES_SERVE + promised(scene, "unreadyWithin") + KUBERNETES_ALLOWANCE;
    await waitUntil({ what: "all app pods to be unready", within }, async () =>
      (await scene.appPods()).every((pod) => !isReady(pod)),
    );
    console.log(`unready ${Math.round(performance.now() - gone)} ms after the last name server`);
    for (const pod of await scene.appPods()) {
      const report = await dependencyReport(pod, "sessions");
      expect(report).toMatchObject({ up: false, detail: "servers[0]=ResolverFailed" });
    }
    await onlyTheSidecarObjects(scene);

    await scaleNameServers(replicas);
    await waitUntil({ what: "all app pods to be ready", within: POD_STARTS }, async () =>
      (await scene.appPods()).every(isReady),
    );
    expect((await scene.appPods()).map(restarts)).toStrictEqual([0, 0]);
  },
  WHOLE_TEST,
);
