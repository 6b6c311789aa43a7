/** A second call, after others have changed the pod. */
import { expect, test } from "@jest/globals";
import { SIDECAR_PORT } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "./inject.ts";
import type { Container, HttpGet, Pod } from "./pod.ts";
import { SETTINGS } from "./testing/settings.ts";

const POLICY = testPolicy();
const APP: Container = { name: "app", image: "registry.example/app:1" };

function injected(pod: Pod): Pod {
  const injection = inject(pod, POLICY, SETTINGS);
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

test("an init container that runs once comes after the sidecar", () => {
  const wait = { name: "wait-for-database", image: "registry.example/wait:1" };
  const { spec } = injected({ spec: { containers: [APP], initContainers: [wait] } });
  expect(spec?.initContainers?.map(({ name }) => name)).toStrictEqual([
    "healthpolicy-sidecar",
    "wait-for-database",
  ]);
});
