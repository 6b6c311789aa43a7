/** A second call, after others have changed the pod. */
import { describe, expect, test } from "@jest/globals";
import { SIDECAR_PORT } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "./inject.ts";
import type { Container, HttpGet, Pod } from "./pod.ts";
import { SETTINGS } from "./testing/settings.ts";

const POLICY = testPolicy();
const APP: Container = { name: "app", image: "registry.example/app:1" };

function injected(pod: Pod, policy = POLICY): Pod {
  const injection = inject(pod, policy, SETTINGS);
  if ("skip" in injection) throw new Error(injection.skip.message);
  return injection.pod;
}

function sidecarOf(pod: Pod): Container {
  return pod.spec?.initContainers?.[0] ?? {};
}

/** The pod after a first call, its readiness probe then redirected by somebody else. */
function redirected(handler: HttpGet, containers: Container[] = [APP]): Pod {
  const pod = injected({ spec: { containers: [APP] } });
  const sidecar = sidecarOf(pod);
  const readinessProbe = { ...sidecar.readinessProbe, httpGet: handler };
  return {
    ...pod,
    spec: { ...pod.spec, containers, initContainers: [{ ...sidecar, readinessProbe }] },
  };
}

test("a redirected probe is kept, but never with a host", () => {
  const pod = injected(redirected({ path: "/app-health", port: 15_020, host: "169.254.169.254" }));
  expect(sidecarOf(pod).readinessProbe?.httpGet).toStrictEqual({
    path: "/app-health",
    port: 15_020,
  });
});

test("a probe is ours again when the sidecar has to move to another port", () => {
  const newcomer = { ...APP, name: "late", ports: [{ containerPort: SIDECAR_PORT }] };
  const handler = { path: "/readyz", port: SIDECAR_PORT, scheme: "HTTP" };
  const pod = injected(redirected(handler, [APP, newcomer]));
  expect(sidecarOf(pod).readinessProbe?.httpGet).toStrictEqual({
    ...handler,
    port: SIDECAR_PORT + 1,
  });
});

describe("where the probes lead to Istio's agent", () => {
  const PROXY: Container = { name: "istio-proxy", image: "registry.example/istio-proxy:1" };

  /** The pod after a first call and then Istio's, which redirects both of our probes. */
  function meshed({ containers = [], initContainers = [] }: NonNullable<Pod["spec"]>): Pod {
    const pod = injected({ spec: { containers: [APP] } });
    const { readinessProbe, livenessProbe, ...sidecar } = sidecarOf(pod);
    const agent = (path: string) => ({ path: `/app-health/${sidecar.name}/${path}`, port: 15_020 });
    const redirectedSidecar = {
      ...sidecar,
      readinessProbe: { ...readinessProbe, httpGet: agent("readyz") },
      livenessProbe: { ...livenessProbe, httpGet: agent("livez") },
    };
    const all = [redirectedSidecar, ...initContainers];
    return { ...pod, spec: { ...pod.spec, containers: [APP, ...containers], initContainers: all } };
  }

  test("liveness waits for no agent that starts after the init containers: it is left out, also by a third call", () => {
    const second = injected(meshed({ containers: [PROXY] }));
    expect(sidecarOf(second)).not.toHaveProperty("livenessProbe");
    expect(sidecarOf(second).readinessProbe?.httpGet?.port).toBe(15_020);
    expect(injected(second)).toStrictEqual(second);
  });

  test("liveness stays where the agent is a native sidecar", () => {
    const proxy = { ...PROXY, restartPolicy: "Always" };
    const second = injected(meshed({ initContainers: [proxy] }));
    expect(sidecarOf(second).livenessProbe?.httpGet?.port).toBe(15_020);
  });

  test("they still do where the policy was edited between the two calls, and have its times", () => {
    const edited = { ...POLICY, probe: { ...POLICY.probe, periodSeconds: 7 } };
    const second = sidecarOf(injected(meshed({ containers: [PROXY] }), edited));
    expect(second).not.toHaveProperty("livenessProbe");
    expect(second.readinessProbe).toMatchObject({ httpGet: { port: 15_020 }, periodSeconds: 7 });
  });
});

test("a redirected probe is kept beside a variable that somebody put before ours", () => {
  const pod = redirected({ path: "/app-health", port: 15_020 });
  const sidecar = sidecarOf(pod);
  const env = [{ name: "TZ", value: "UTC" }, ...(sidecar.env ?? [])];
  const later = { ...pod, spec: { ...pod.spec, initContainers: [{ ...sidecar, env }] } };
  expect(sidecarOf(injected(later)).readinessProbe?.httpGet?.path).toBe("/app-health");
});

test("what an object lacks is not presumed", () => {
  const { spec } = injected({});
  const plain = injected({ spec: { containers: [APP] } }).spec;
  expect(spec).toStrictEqual({ initContainers: plain?.initContainers, volumes: plain?.volumes });
});

test("a pod that is Guaranteed stays it without any init container", () => {
  const limits = { cpu: "1", memory: "1Gi" };
  const { spec } = injected({ spec: { containers: [{ ...APP, resources: { limits } }] } });
  expect(spec?.initContainers?.[0]?.resources?.requests).toStrictEqual(SETTINGS.resources.limits);
});

test("an init container that runs once comes after the sidecar", () => {
  const wait = { name: "wait-for-database", image: "registry.example/wait:1" };
  const { spec } = injected({ spec: { containers: [APP], initContainers: [wait] } });
  expect(spec?.initContainers?.map(({ name }) => name)).toStrictEqual([
    "healthpolicy-sidecar",
    "wait-for-database",
  ]);
});
