/** As whom the sidecar runs. */
import { describe, expect, test } from "@jest/globals";
import type { PodSpec, SecurityContext } from "./pod.ts";
import { securityContext } from "./security-context.ts";
import { TIGHT } from "./testing/tight.ts";

const OUR_USER = { runAsUser: 65_532, runAsGroup: 65_532 };

function inPodOf(runAsUser: number | undefined, standing?: SecurityContext) {
  const spec = runAsUser === undefined ? {} : { securityContext: { runAsUser } };
  return securityContext({ spec }, standing);
}

describe("the user is", () => {
  test.each<[string, number | undefined, SecurityContext | undefined, object]>([
    ["left to the image", undefined, undefined, {}],
    ["left to the pod", 1_000, undefined, {}],
    ["left as assigned", undefined, { runAsUser: 1_000_680_000 }, { runAsUser: 1_000_680_000 }],
    ["ours in a pod of root", 0, undefined, OUR_USER],
    ["ours in a container of root", 1_000, { runAsUser: 0 }, OUR_USER],
    ["left as assigned in a pod of root", 0, { runAsUser: 1_000 }, { runAsUser: 1_000 }],
    ["left in the group of root, as on OpenShift", 1_000, { runAsGroup: 0 }, { runAsGroup: 0 }],
  ])("%s", (_, pod, standing, user) => {
    expect(inPodOf(pod, standing)).toStrictEqual({ ...TIGHT, ...user });
  });
});

describe("where containers state users, as some policy engines ask", () => {
  const app = (securityContext: SecurityContext) => ({ name: "app", securityContext });
  const stated = { runAsUser: 1_000, runAsGroup: 3_000 };
  const OTHERS = { runAsUser: 2_000, runAsGroup: 4_000 };

  test.each<[string, PodSpec, SecurityContext | undefined, object]>([
    ["it is the first one's", { containers: [app(stated), app(OTHERS)] }, undefined, stated],
    [
      "it is the first one's, and not that of an init container",
      { initContainers: [app(OTHERS)], containers: [app(stated)] },
      undefined,
      stated,
    ],
    [
      "each of the two by itself",
      { containers: [app({ runAsUser: 1_000 })] },
      undefined,
      { runAsUser: 1_000 },
    ],
    [
      "in the group of root too",
      { containers: [app({ runAsGroup: 0 })] },
      undefined,
      { runAsGroup: 0 },
    ],
    ["one that others gave ours stays", { containers: [app(stated)] }, OTHERS, OTHERS],
    ["never root", { containers: [app({ runAsUser: 0, runAsGroup: 1_337 })] }, undefined, {}],
    [
      "not a proxy's, which is not redirected to itself",
      {
        containers: [
          { name: "istio-proxy", securityContext: { runAsUser: 1_337, runAsGroup: 1_337 } },
          app(stated),
        ],
      },
      undefined,
      stated,
    ],
    [
      "a proxy's where there is nothing else, as in a gateway: nothing is redirected to that",
      { containers: [{ name: "istio-proxy", securityContext: { runAsUser: 1_337 } }] },
      undefined,
      { runAsUser: 1_337 },
    ],
    [
      "not where an init container states none",
      { initContainers: [app({})], containers: [app(stated)] },
      undefined,
      {},
    ],
    [
      "not what the pod states",
      { securityContext: { runAsUser: 5 }, containers: [app(stated), app(OTHERS)] },
      undefined,
      { runAsGroup: 3_000 },
    ],
    [
      "not where containers see each other's processes",
      { shareProcessNamespace: true, containers: [app(stated)] },
      undefined,
      {},
    ],
    ["nor where they see the node's", { hostPID: true, containers: [app(stated)] }, undefined, {}],
  ])("%s", (_, spec, standing, user) => {
    expect(securityContext({ spec }, standing)).toStrictEqual({ ...TIGHT, ...user });
  });
});

describe("where all others run as one user, to whom the kubelet gives what it projects", () => {
  const app = (runAsUser?: number) => ({
    name: "app",
    securityContext: runAsUser === undefined ? {} : { runAsUser },
  });
  const projected = (source: string, defaultMode?: number) => ({
    name: "projected",
    projected: { ...(defaultMode !== undefined && { defaultMode }), sources: [{ [source]: {} }] },
  });
  const ONE = { runAsUser: 1_000 };

  test.each<[string, PodSpec, SecurityContext | undefined, object]>([
    [
      "it is stated where the pod states another",
      { securityContext: { runAsUser: 2_000 }, containers: [app(1_000)] },
      undefined,
      ONE,
    ],
    [
      "it is stated where the pod states root",
      { securityContext: { runAsUser: 0 }, initContainers: [app(1_000)], containers: [app(1_000)] },
      undefined,
      ONE,
    ],
    [
      "it is left to the pod where one of them does so",
      { securityContext: ONE, containers: [app(), app(1_000)] },
      undefined,
      {},
    ],
    [
      "it is not stated where one has the pod's, which is another",
      { securityContext: { runAsUser: 2_000 }, containers: [app(1_000), app()] },
      undefined,
      {},
    ],
    [
      "it is not stated where an init container runs as another",
      {
        securityContext: { runAsUser: 2_000 },
        initContainers: [app(3_000)],
        containers: [app(1_000)],
      },
      undefined,
      {},
    ],
    [
      "it is never root",
      { securityContext: { runAsUser: 2_000 }, containers: [app(0)] },
      undefined,
      {},
    ],
    [
      "one that others gave ours stays",
      { securityContext: { runAsUser: 2_000 }, containers: [app(1_000)] },
      { runAsUser: 3_000 },
      { runAsUser: 3_000 },
    ],
  ])("%s", (_, spec, standing, user) => {
    expect(securityContext({ spec }, standing)).toStrictEqual({ ...TIGHT, ...user });
  });

  const SHARED = [{ shareProcessNamespace: true }, { hostPID: true }];

  test.each([
    projected("serviceAccountToken", 0o400),
    projected("serviceAccountToken", 0o440),
    projected("clusterTrustBundle", 0o600),
    projected("podCertificate", 0o644),
  ])("it is stated where they share processes and could not use %j as root's", (volume) => {
    for (const shared of SHARED) {
      const spec = { ...shared, containers: [app(1_000)], volumes: [{ name: "other" }, volume] };
      expect(securityContext({ spec })).toStrictEqual({ ...TIGHT, ...ONE });
    }
  });

  test("it is not where they share processes and an fsGroup may read what is projected", () => {
    const volumes = [projected("serviceAccountToken", 0o400), projected("podCertificate", 0o600)];
    const ofPod = { containers: [app(1_000)], volumes, securityContext: { fsGroup: 2_000 } };
    for (const shared of SHARED) {
      expect(securityContext({ spec: { ...shared, ...ofPod } })).toStrictEqual(TIGHT);
    }
  });

  test.each([
    { name: "nothing", projected: { defaultMode: 0o400, sources: null } },
    projected("serviceAccountToken", 0o644),
    projected("serviceAccountToken"),
    projected("clusterTrustBundle", 0o444),
    projected("secret", 0o400),
  ])("it is not where they share processes and may read %j all the same", (volume) => {
    for (const shared of SHARED) {
      const spec = { ...shared, containers: [app(1_000)], volumes: [volume] };
      expect(securityContext({ spec })).toStrictEqual(TIGHT);
    }
  });
});
