/** Times are raised, and nothing else is touched. Whole pods are in testdata/align-*. */
import { describe, expect, test } from "@jest/globals";
import { PROBES_LEFT_ALONE_ANNOTATION, PROBES_RAISED_ANNOTATION } from "../api/names.ts";
import type { Pod, Probe } from "./pod.ts";
import type { ProbeFloor } from "./probe-floors.ts";
import { raiseProbes } from "./raise-probes.ts";
import { deepFreeze } from "./testing/deep-freeze.ts";

const FLOOR: ProbeFloor = {
  timeoutSeconds: 5,
  execTimeoutSeconds: 8,
  periodSeconds: 6,
  periodHoldsTimeout: false,
  periodHoldsRaise: false,
  maxPeriodSeconds: Number.POSITIVE_INFINITY,
};
const NOTHING: ProbeFloor = {
  ...FLOOR,
  timeoutSeconds: 0,
  execTimeoutSeconds: 0,
  periodSeconds: 0,
};

function podWith(readinessProbe: Probe, rest: Pod["metadata"] = {}, name = "app"): Pod {
  return deepFreeze({ metadata: rest, spec: { containers: [{ name, readinessProbe }] } });
}

function raise(probe: Probe, floor: Partial<ProbeFloor> = {}): Probe | undefined {
  const floors = { readinessProbe: { ...FLOOR, ...floor }, livenessProbe: NOTHING };
  return raiseProbes(podWith(probe), floors).spec?.containers?.[0]?.readinessProbe;
}

const HTTP = { httpGet: { path: "/", port: 80 } };

describe.each<[string, Probe, number]>([
  ["httpGet", HTTP, 5],
  ["tcpSocket", { tcpSocket: { port: 80 } }, 5],
  ["grpc", { grpc: { port: 80 } }, 5],
  ["exec", { exec: { command: ["true"] } }, 8],
])("a probe by %s", (_kind, handler, timeoutSeconds) => {
  test("gets the least times", () => {
    const own = { ...handler, timeoutSeconds: 1, periodSeconds: 2, failureThreshold: 7 };
    expect(raise(own)).toStrictEqual({ ...own, timeoutSeconds, periodSeconds: 6 });
  });

  test("that says no times gets them where Kubernetes' own are less", () => {
    expect(raise(handler)).toStrictEqual({ ...handler, timeoutSeconds });
  });

  test("that waits longer keeps its times", () => {
    const own = { ...handler, timeoutSeconds: 9, periodSeconds: 7 };
    expect(raise(own)).toBe(own);
  });
});

describe("periodSeconds", () => {
  test("is raised to a longer timeout of the probe's own where it must hold it", () => {
    const own = { ...HTTP, timeoutSeconds: 20, periodSeconds: 7 };
    expect(raise(own)).toBe(own);
    expect(raise(own, { periodHoldsTimeout: true })).toStrictEqual({ ...own, periodSeconds: 20 });
  });

  test("follows a raised timeout, and no other, where it must hold raises", () => {
    const floor = { timeoutSeconds: 15, periodHoldsRaise: true };
    const short = { ...HTTP, timeoutSeconds: 5, periodSeconds: 10 };
    expect(raise(short, floor)).toStrictEqual({ ...HTTP, timeoutSeconds: 15, periodSeconds: 15 });
    const long = { ...HTTP, timeoutSeconds: 20, periodSeconds: 10 };
    expect(raise(long, floor)).toBe(long);
  });

  test("is raised to a raised timeout where it must hold it", () => {
    const own = { ...HTTP, periodSeconds: 2 };
    const floor = { periodSeconds: 0, periodHoldsTimeout: true };
    expect(raise(own, floor)).toStrictEqual({ ...own, timeoutSeconds: 5, periodSeconds: 5 });
  });

  test("is raised no further than its ceiling, and not lowered to it", () => {
    const floor = { periodHoldsTimeout: true, maxPeriodSeconds: 15 };
    const slow = { ...HTTP, timeoutSeconds: 20, periodSeconds: 7 };
    expect(raise(slow, floor)).toStrictEqual({ ...slow, periodSeconds: 15 });
    const rare = { ...HTTP, timeoutSeconds: 20, periodSeconds: 60 };
    expect(raise(rare, floor)).toBe(rare);
  });
});

test.each([null, 0, "5", 1.5, {}])("a time that is %j counts as unset", (timeoutSeconds) => {
  expect(raise({ ...HTTP, timeoutSeconds })).toStrictEqual({ ...HTTP, timeoutSeconds: 5 });
});

test("a period of zero is one of 10 s, which is not lowered", () => {
  const own = { ...HTTP, timeoutSeconds: 9, periodSeconds: 0 };
  expect(raise(own)).toBe(own);
});

describe("the pod", () => {
  const floors = { readinessProbe: FLOOR, livenessProbe: FLOOR };

  test("says what was raised, container by container", () => {
    const pod = deepFreeze<Pod>({
      metadata: { annotations: { other: "1" } },
      spec: {
        containers: [
          { name: "web", readinessProbe: HTTP, livenessProbe: { ...HTTP, periodSeconds: 1 } },
          { name: "slow", readinessProbe: { ...HTTP, timeoutSeconds: 60 } },
        ],
      },
    });
    expect(raiseProbes(pod, floors).metadata?.annotations).toStrictEqual({
      other: "1",
      [PROBES_RAISED_ANNOTATION]:
        "web/readinessProbe.timeoutSeconds=1->5, web/livenessProbe.timeoutSeconds=1->5, web/livenessProbe.periodSeconds=1->6",
    });
  });

  test("is the very same where there is nothing to raise", () => {
    for (const pod of [
      {},
      { spec: { containers: [{ name: "app" }] } },
      podWith({ ...HTTP, timeoutSeconds: 9 }),
    ]) {
      expect(raiseProbes(pod, floors)).toBe(pod);
    }
  });

  test("keeps startup probes, init containers and native sidecars", () => {
    const others = {
      initContainers: [{ name: "proxy", restartPolicy: "Always", readinessProbe: HTTP }],
    };
    const app = { name: "app", startupProbe: HTTP };
    const pod = deepFreeze<Pod>({ spec: { ...others, containers: [app] } });
    expect(raiseProbes(pod, floors)).toBe(pod);
  });

  test.each(["istio-proxy", "consul-dataplane", "vault-agent", "Not A Name", "n".repeat(64)])(
    "keeps the probes of a container called %s",
    (name) => {
      const pod = podWith(HTTP, {}, name);
      expect(raiseProbes(pod, floors)).toBe(pod);
    },
  );

  test.each([
    [256, 5],
    [257, undefined],
  ])("of %s containers has timeoutSeconds %s in each", (count, timeoutSeconds) => {
    const containers = Array.from({ length: count }, (_, at) => ({
      name: `app-${at}`,
      readinessProbe: HTTP,
    }));
    const raised = raiseProbes(deepFreeze<Pod>({ spec: { containers } }), floors);
    const times = raised.spec?.containers?.map(({ readinessProbe }) => readinessProbe);
    expect(new Set(times?.map((probe) => probe?.timeoutSeconds))).toStrictEqual(
      new Set([timeoutSeconds]),
    );
  });

  const wide = Object.fromEntries(Array.from({ length: 128 }, (_, at) => [`x${at}`, 1]));
  const ordinary = podWith(HTTP);
  const [app] = ordinary.spec?.containers ?? [];

  test.each<[string, Pod]>([
    ["pod", { ...ordinary, ...wide }],
    ["metadata", { ...ordinary, metadata: { ...wide, name: "x" } }],
    ["spec", { spec: { ...ordinary.spec, ...wide } }],
    ["container", { spec: { containers: [{ ...app, ...wide }] } }],
    ["probe", podWith({ ...HTTP, ...wide })],
  ])("is left alone where its %s has more fields than Kubernetes knows", (_what, pod) => {
    expect(raiseProbes(deepFreeze(pod), floors)).toBe(pod);
  });

  test("gets no record where its annotations have no room, and its probes are raised all the same", () => {
    const annotations = { large: "x".repeat(256 * 1024 - 20) };
    const raised = raiseProbes(podWith(HTTP, { annotations }), floors);
    expect(raised.metadata?.annotations).toStrictEqual(annotations);
    expect(raised.spec?.containers?.[0]?.readinessProbe).toMatchObject({ timeoutSeconds: 5 });
  });
});

describe("a probe that a mesh has rewritten", () => {
  const rewritten = (path: string, port: number | string) => ({ httpGet: { path, port } });
  const floors = { readinessProbe: FLOOR, livenessProbe: NOTHING };

  test.each<[string, number | string, Record<string, string>]>([
    ["/app-health/app/readyz", 15_020, {}],
    ["/app-health/app/livez", "15020", {}],
    ["/app-health/app/readyz", 15_021, { "status.sidecar.istio.io/port": "15021" }],
  ])("is left alone, and the pod says so: %s on %s", (path, port, annotations) => {
    const pod = podWith(rewritten(path, port), { annotations });
    expect(raiseProbes(pod, floors)).toStrictEqual({
      ...pod,
      metadata: {
        annotations: { ...annotations, [PROBES_LEFT_ALONE_ANNOTATION]: "app/readinessProbe" },
      },
    });
  });

  test("is not spoken of where there is nothing to raise", () => {
    const probe = { ...rewritten("/app-health/app/readyz", 15_020), timeoutSeconds: 9 };
    const pod = podWith(probe);
    expect(raiseProbes(pod, floors)).toBe(pod);
  });

  test.each<[string, number | string]>([
    ["/app-health/app/readyz", 8_080],
    ["/app-health/readyz", 15_020],
    ["/readyz", 15_020],
    ["/app-health/app/readyz", "http"],
  ])("is another than one of the app's own: %s on %s", (path, port) => {
    const raised = raiseProbes(podWith(rewritten(path, port)), floors);
    expect(raised.metadata?.annotations).toHaveProperty([PROBES_RAISED_ANNOTATION]);
  });
});
