import { describe, expect, test } from "@jest/globals";
import type { KubeObject } from "../kube/kube-object.ts";
import { podProjection } from "./pod-record.ts";

function raw(metadata: object = {}, spec: object = {}, status: object = {}): KubeObject {
  const pod = {
    metadata: {
      namespace: "shop",
      name: "web-6d5f7c9b8d-x2x4z",
      uid: "uid-of-pod",
      labels: { app: "web", "pod-template-hash": "6d5f7c9b8d" },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-6d5f7c9b8d", controller: true },
      ],
      ...metadata,
    },
    spec: { restartPolicy: "Always", containers: [{ name: "web", image: "web" }], ...spec },
    status: { phase: "Running", podIP: "10.0.0.1", ...status },
  };
  return pod as unknown as KubeObject;
}

const projectPod = podProjection("registry.example/healthpolicy/sidecar:1");

const OUR_ANNOTATIONS = {
  annotations: { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": "abc" },
};
const SIDECAR = { initContainers: [{ name: "healthpolicy-sidecar", image: "sidecar" }] };

describe("projectPod", () => {
  test("a pod of a Deployment without our container", () => {
    expect(projectPod(raw())).toStrictEqual({
      namespace: "shop",
      name: "web-6d5f7c9b8d-x2x4z",
      uid: "uid-of-pod",
      labels: { app: "web", "pod-template-hash": "6d5f7c9b8d" },
      restartTarget: "deployment/web",
      controller: undefined,
      skipped: undefined,
      ip: "10.0.0.1",
      ready: false,
      created: 0,
      judged: {
        workload: "Deployment/web",
        probes: { containers: [{ name: "c" }], restartPolicy: "Always" },
      },
    });
  });

  test("what standards judge is one object for pods of a workload, and its probes one for all that have them", () => {
    const [one, two] = [1, 2].map((n) => projectPod(raw({ name: `web-6d5f7c9b8d-${n}` })));
    expect(one?.judged).toBe(two?.judged);
    const other = projectPod(raw({ name: "bare", ownerReferences: [] }));
    expect(other?.judged.workload).toBe("Pod/bare");
    expect(other?.judged.probes).toBe(one?.judged.probes);
  });

  test("what controls a pod is one object for all of its pods", () => {
    const owner = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "web-6d5f7c9b8d",
      uid: "0f8fad5b-d9cb-469f-a165-70867728950e",
    };
    const ownerReferences = [{ ...owner, controller: true }];
    const [one, two] = [1, 2].map(() => projectPod(raw({ ownerReferences })));
    expect(one?.controller).toStrictEqual(owner);
    expect(one?.controller).toBe(two?.controller);
  });

  test("an injected pod, and whether our container is ready", () => {
    const ready = { initContainerStatuses: [{ name: "healthpolicy-sidecar", ready: true }] };
    const sidecar = { policy: "web", revision: "abc", ready: true };
    expect(projectPod(raw(OUR_ANNOTATIONS, SIDECAR, ready))?.sidecar).toEqual(sidecar);
    expect(projectPod(raw(OUR_ANNOTATIONS, SIDECAR))?.sidecar).toEqual({
      ...sidecar,
      ready: false,
    });
    const unready = { initContainerStatuses: [{ name: "healthpolicy-sidecar", ready: false }] };
    expect(projectPod(raw(OUR_ANNOTATIONS, SIDECAR, unready))?.sidecar).toEqual({
      ...sidecar,
      ready: false,
    });
  });

  test("the version of our container, as far as its image states one", () => {
    const [one, two] = [1, 2].map(() => {
      const container = { name: "healthpolicy-sidecar", image: "mirror.example/sidecar:0.1.0" };
      return projectPod(raw(OUR_ANNOTATIONS, { initContainers: [container] }))?.sidecar?.version;
    });
    expect(one).toStrictEqual({ tag: "0.1.0" });
    expect(one).toBe(two);
    expect(projectPod(raw(OUR_ANNOTATIONS, SIDECAR))?.sidecar).not.toHaveProperty("version");
  });

  test("what was raised in a pod that carries our container, and in no other", () => {
    const entry = "app/readinessProbe.timeoutSeconds=1->5";
    const recorded = { "healthpolicy.dev/probes-raised": `${entry}, something else` };
    const annotations = { annotations: { ...OUR_ANNOTATIONS.annotations, ...recorded } };
    const probes = { raised: [entry], leftAlone: [] };
    expect(projectPod(raw(annotations, SIDECAR))?.sidecar).toMatchObject({ probes });
    const shared = [1, 2].map(() => projectPod(raw(annotations, SIDECAR))?.sidecar?.probes);
    expect(shared[0]).toBe(shared[1]);
    expect(projectPod(raw({ annotations: recorded }))).not.toHaveProperty("sidecar");
    expect(projectPod(raw(OUR_ANNOTATIONS, SIDECAR))?.sidecar).not.toHaveProperty("probes");
  });

  test("a pod that no restart gives the sidecar, for a volume of our name", () => {
    const volumes = [{ name: "healthpolicy-config", emptyDir: {} }];
    expect(projectPod(raw({}, { volumes }))?.skipped?.reason).toBe("ReservedVolumeName");
    expect(projectPod(raw(OUR_ANNOTATIONS, { ...SIDECAR, volumes }))?.skipped).toBeUndefined();
  });

  test("a pod that waits for the sidecar's image, by the status of our container alone", () => {
    const image = "registry.example/healthpolicy/sidecar:1";
    const ours = { name: "healthpolicy-sidecar", image };
    const waiting = (name: string) => ({ name, state: { waiting: { reason: "ErrImagePull" } } });
    const startOf = (container: object, ...initContainerStatuses: object[]) =>
      projectPod(raw(OUR_ANNOTATIONS, { initContainers: [container] }, { initContainerStatuses }))
        ?.sidecar?.start;
    expect(startOf(ours, waiting("other"), waiting("healthpolicy-sidecar"))).toBe("Waiting");
    expect(startOf(ours, waiting("other"))).toBeUndefined();
    const foreign = { ...ours, image: "mine.example/unpullable:1" };
    expect(startOf(foreign, waiting("healthpolicy-sidecar"))).toBeUndefined();
  });

  test("a pod whose sidecar comes from another registry than new pods get theirs from", () => {
    const sidecarOf = (image: string) => {
      const status = [{ name: "healthpolicy-sidecar", state: { terminated: {} } }];
      const initContainers = [{ name: "healthpolicy-sidecar", image }];
      return projectPod(raw(OUR_ANNOTATIONS, { initContainers }, { initContainerStatuses: status }))
        ?.sidecar;
    };
    const mirrored = sidecarOf("mirror.example/sidecar:1");
    expect(mirrored).toMatchObject({ start: "NotStarting", elsewhere: true });
    const configured = "registry.example/healthpolicy/sidecar:1";
    // Webhooks pin tags to digests, in all namespaces or in most: these pods have what the others wait for.
    const pinned = `@sha256:${"ab".repeat(32)}`;
    for (const image of [configured, configured + pinned, configured.replace(":1", pinned)]) {
      expect(sidecarOf(image)).toMatchObject({ start: "NotStarting" });
      expect(sidecarOf(image)).not.toHaveProperty("elsewhere");
    }
  });

  test("a pod that its sidecar keeps from starting, and one whose app has run", () => {
    const image = "registry.example/healthpolicy/sidecar:1";
    const state = { waiting: { reason: "CrashLoopBackOff" } };
    const initContainers = [{ name: "healthpolicy-sidecar", image }];
    const initContainerStatuses = [{ name: "healthpolicy-sidecar", state, restartCount: 1 }];
    const startOf = (app: object) => {
      const status = { initContainerStatuses, containerStatuses: [{ name: "web", state: app }] };
      return projectPod(raw(OUR_ANNOTATIONS, { initContainers }, status))?.sidecar?.start;
    };
    expect(startOf({ waiting: { reason: "PodInitializing" } })).toBe("NotStarting");
    expect(startOf({ running: {} })).toBe("Started");
  });

  test("our container among others", () => {
    const initContainers = [{ name: "wait", image: "wait" }, ...SIDECAR.initContainers];
    const initContainerStatuses = [
      { name: "wait", ready: true },
      { name: "healthpolicy-sidecar", ready: false },
    ];
    const pod = projectPod(raw(OUR_ANNOTATIONS, { initContainers }, { initContainerStatuses }));
    expect(pod?.sidecar).toStrictEqual({ policy: "web", revision: "abc", ready: false });
  });

  test("a sidecar that was ready when its node went silent, which nobody takes out of the status", () => {
    const sidecarOf = (conditions: object[]) =>
      projectPod(
        raw(OUR_ANNOTATIONS, SIDECAR, {
          conditions,
          initContainerStatuses: [{ name: "healthpolicy-sidecar", ready: true }],
        }),
      )?.sidecar;
    const containers = { type: "ContainersReady", status: "True" };
    const own = { policy: "web", revision: "abc" };
    const known = sidecarOf([{ type: "Ready", status: "True" }, containers]);
    expect(known).toStrictEqual({ ...own, ready: true });
    const lost = sidecarOf([{ type: "Ready", status: "False" }, containers]);
    expect(lost).toStrictEqual({ ...own, ready: false, lost: true });
  });

  test.each([
    [
      "ready",
      [
        { type: "PodScheduled", status: "False" },
        { type: "Ready", status: "True" },
      ],
      true,
    ],
    [
      "not ready",
      [
        { type: "PodScheduled", status: "True" },
        { type: "Ready", status: "False" },
      ],
      false,
    ],
  ])("a pod that is %s", (_what, conditions, ready) => {
    expect(projectPod(raw({}, {}, { conditions }))?.ready).toBe(ready);
  });

  test("a pod without specification and status", () => {
    const metadata = { ...OUR_ANNOTATIONS, namespace: "shop", name: "web" };
    const bare = {
      namespace: "shop",
      name: "web",
      uid: "",
      labels: {},
      restartTarget: undefined,
      controller: undefined,
      skipped: undefined,
    };
    const judged = { workload: "Pod/web", probes: { containers: [] } };
    const unknown = { ip: undefined, ready: false, created: 0, judged };
    expect(projectPod({ metadata } as unknown as KubeObject)).toStrictEqual({
      ...bare,
      ...unknown,
    });
    const sidecar = { policy: "web", revision: "abc", ready: false };
    expect(projectPod({ metadata, spec: SIDECAR } as unknown as KubeObject)).toStrictEqual({
      ...bare,
      sidecar,
      ...unknown,
    });
  });

  const listening = (value: string | undefined, spec: object = {}, started = true) => {
    const env = value === undefined ? [] : [{ name: "HEALTHPOLICY_PORT", value }];
    const initContainers = [{ ...SIDECAR.initContainers[0], env }];
    const initContainerStatuses = [{ name: "healthpolicy-sidecar", started }];
    const pod = raw(OUR_ANNOTATIONS, { initContainers, ...spec }, { initContainerStatuses });
    return projectPod(pod)?.sidecar;
  };

  test.each(["19847", "19910"])("our container runs and can be asked on port %s", (port) => {
    expect(listening(port)).toHaveProperty("port", Number(port));
  });

  test.each([undefined, "", "80", "19846", "19911", "19847.5", "1e9", "http"])(
    "a port that is none of ours is not asked: %j",
    (port) => {
      expect(listening(port)).not.toHaveProperty("port");
    },
  );

  test("nor one that does not run yet, nor one on the node's network", () => {
    expect(listening("19847", {}, false)).not.toHaveProperty("port");
    expect(listening("19847", { hostNetwork: true })).not.toHaveProperty("port");
  });

  test("annotations without the container, and the container without annotations, are not ours", () => {
    expect(projectPod(raw(OUR_ANNOTATIONS))?.sidecar).toBeUndefined();
    expect(projectPod(raw({}, SIDECAR))?.sidecar).toBeUndefined();
  });

  test.each([
    ["OptedOut", { labels: { "healthpolicy.dev/inject": "false" } }, {}],
    ["HostNetwork", {}, { hostNetwork: true }],
    ["RestartPolicy", {}, { restartPolicy: "Never" }],
    ["Windows", {}, { os: { name: "windows" } }],
    ["VirtualNode", {}, { nodeSelector: { type: "virtual-kubelet" } }],
    ["Confidential", { annotations: { "io.katacontainers.config.agent.policy": "x" } }, {}],
    ["RuntimeClass", {}, { runtimeClassName: "gvisor" }],
    ["MirrorPod", { annotations: { "kubernetes.io/config.mirror": "x" } }, {}],
  ])("skipped: %s", (reason, metadata, spec) => {
    const [one, two] = [1, 2].map(() => projectPod(raw(metadata, spec))?.skipped);
    expect(one).toStrictEqual({ reason, message: expect.stringMatching(/^The pod.*\.$/) });
    expect(one).toBe(two);
  });

  test("a pod that is on its way out is told from others, and one that has ended is gone", () => {
    expect(projectPod(raw({ deletionTimestamp: "2026-01-01T00:00:00Z" }))?.terminating).toBe(true);
    expect(projectPod(raw({}, {}, { phase: "Succeeded" }))).toBeUndefined();
    expect(projectPod(raw({}, {}, { phase: "Failed" }))).toBeUndefined();
  });

  test("another container of our name is not ours; ours from a mirror, or of another version, is", () => {
    const carrying = (image: string) => ({
      initContainers: [{ name: "healthpolicy-sidecar", image }],
    });
    expect(projectPod(raw(OUR_ANNOTATIONS, carrying("evil/other:1")))?.sidecar).toBeUndefined();
    expect(
      projectPod(raw(OUR_ANNOTATIONS, carrying("mirror.example/sidecar:0")))?.sidecar,
    ).toBeDefined();
  });
});
