/** Pods that others made, after a first call, into ones that get no sidecar. */
import { describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER, STATE_VOLUME } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { MAX_ANNOTATIONS } from "./annotations-limit.ts";
import { inject } from "./inject.ts";
import type { Container, Pod } from "./pod.ts";
import { SKIP_REASONS } from "./skip.ts";
import { deepFreeze } from "./testing/deep-freeze.ts";
import { SETTINGS } from "./testing/settings.ts";
import { withoutSidecar } from "./without-sidecar.ts";

const APP: Container = { name: "app", image: "registry.example/app:1" };

function injectedPod(pod: Pod): Pod {
  const injection = inject(pod, testPolicy(), SETTINGS);
  if ("skip" in injection) throw new Error(injection.skip.message);
  return deepFreeze(injection.pod);
}

const INJECTED = injectedPod({ spec: { containers: [APP] } });

function onTheNodesNetwork({ metadata, spec }: Pod, change: Pod = {}): Pod {
  return {
    metadata: {
      ...metadata,
      annotations: { ...metadata?.annotations, ...change.metadata?.annotations },
    },
    spec: { ...spec, hostNetwork: true, ...change.spec },
  };
}

describe("a pod that gets no sidecar any more", () => {
  test("has no annotation about it either, which API servers refuse of a container that is not there", () => {
    const about = `container.apparmor.security.beta.kubernetes.io/${SIDECAR_CONTAINER}`;
    const annotations = { [about]: "runtime/default", [`${about}-2`]: "x" };
    const pod = onTheNodesNetwork(INJECTED, { metadata: { annotations } });
    expect(withoutSidecar(pod, "HostNetwork", SETTINGS)).toStrictEqual({
      metadata: { annotations: { [`${about}-2`]: "x" } },
      spec: { containers: [APP], hostNetwork: true },
    });
  });

  test("keeps a volume of ours that another container mounts", () => {
    const agent = { name: "agent", volumeMounts: [{ name: STATE_VOLUME, mountPath: "/copied" }] };
    const pod = onTheNodesNetwork(INJECTED, { spec: { containers: [APP, agent] } });
    const { spec } = withoutSidecar(pod, "HostNetwork", SETTINGS) ?? {};
    expect(spec).toStrictEqual({
      containers: [APP, agent],
      hostNetwork: true,
      volumes: INJECTED.spec?.volumes?.filter(({ name }) => name === STATE_VOLUME),
    });
  });

  test("keeps a container of our name that runs another image", () => {
    const other = { name: SIDECAR_CONTAINER, image: "registry.example/other:1" };
    const initContainers = [other, ...(INJECTED.spec?.initContainers ?? [])];
    const pod = onTheNodesNetwork(INJECTED, { spec: { initContainers } });
    expect(withoutSidecar(pod, "HostNetwork", SETTINGS)?.spec?.initContainers).toStrictEqual([
      other,
    ]);
  });
});

test("a sidecar is taken out for what the pod is, and left where nothing of it may be touched or told apart", () => {
  const pod = onTheNodesNetwork(INJECTED);
  const taken = SKIP_REASONS.filter((reason) => withoutSidecar(pod, reason, SETTINGS));
  expect(taken).toStrictEqual([
    "LabelsTooLarge",
    "HostNetwork",
    "Windows",
    "VirtualNode",
    "Confidential",
    "RuntimeClass",
    "RestartPolicy",
    "NoFreePort",
  ]);
});

describe("nothing is taken out of", () => {
  const tooMany = { length: MAX_ANNOTATIONS + 1 };
  const annotations = Object.fromEntries(Array.from(tooMany, (_, i) => [`x${i}`, ""]));
  test.each<[string, Pod]>([
    ["a pod without us", { spec: { containers: [APP], hostNetwork: true } }],
    ["a pod that does not say it was injected", { spec: { ...INJECTED.spec } }],
    ["a pod whose sidecar another has taken out", { ...INJECTED, spec: { containers: [APP] } }],
    [
      "a pod of more annotations than are copied",
      onTheNodesNetwork(INJECTED, { metadata: { annotations } }),
    ],
  ])("%s", (_, pod) => {
    expect(withoutSidecar(pod, "HostNetwork", SETTINGS)).toBeUndefined();
  });
});
