/** A pod that names what is ours many times over: the answer stays small, whoever posts it. */
import { expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import { CONFIG_VOLUME, NO_TOKEN_VOLUME, SIDECAR_CONTAINER, STATE_VOLUME } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "../inject/inject.ts";
import type { Container, Pod, PodSpec } from "../inject/pod.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import { admit } from "./admit.ts";
import { PATCH_LIMIT_BYTES } from "./bounded-patch.ts";
import { webhookMetrics } from "./metrics.ts";
import { reviewOf } from "./testing/client.ts";
import { testKnowledge } from "./testing/knowledge.ts";

const REPEATS = 20_000;
const POLICY = testPolicy({ selector: {}, application: { probes: "Align" } });
const APP = { name: "app", image: "registry.example/app:1" };

const FIRST = firstCall({ spec: { containers: [APP] } });
const [SIDECAR = {}] = FIRST.initContainers ?? [];
const BARE = { name: SIDECAR_CONTAINER, image: SETTINGS.image };

function firstCall(pod: Pod): PodSpec {
  const injection = inject(pod, POLICY, SETTINGS);
  if ("skip" in injection) throw new Error(injection.skip.message);
  return injection.pod.spec ?? {};
}

function many<T>(item: (index: number) => T): T[] {
  return Array.from({ length: REPEATS }, (_, index) => item(index));
}

/** An object of REPEATS fields. */
function wide(value: unknown = "1"): Record<string, never> {
  return Object.fromEntries(many((index) => [`x${index}`, value])) as Record<string, never>;
}

/** The spec of a pod with our container, changed so. */
function sidecarWith(change: Container): PodSpec {
  return { ...FIRST, initContainers: [{ ...SIDECAR, ...change }] };
}

function answerTo(spec: PodSpec) {
  const options = {
    knowledge: testKnowledge({
      policies: () => [POLICY],
      standards: () => [{ enforcement: "Apply" as const, livenessProbe: { minTimeoutSeconds: 9 } }],
    }),
    metrics: webhookMetrics(new Registry()),
    log: { info: jest.fn(), error: jest.fn() },
  };
  const text = JSON.stringify(reviewOf({ spec: { containers: [APP], ...spec } }));
  const { body } = admit(text, options);
  expect(options.log.error).not.toHaveBeenCalled();
  return { sent: text.length, body };
}

const [port] = SIDECAR.ports ?? [];
/** Ours at the end, where a later call moves them to the beginning: every item differs then. */
const rotatedEnvironment = [
  ...many((index) => ({ name: index % 2 ? "a" : "b" })),
  ...(SIDECAR.env ?? []),
];
const rotatedMounts = [
  ...many((index) => ({ name: "x", mountPath: index % 2 ? "/x" : "/y" })),
  ...(SIDECAR.volumeMounts ?? []),
];

test.each<[string, PodSpec]>([
  ...[CONFIG_VOLUME, STATE_VOLUME, NO_TOKEN_VOLUME].flatMap((name): [string, PodSpec][] => [
    [`only volumes ${name}`, { ...FIRST, volumes: many(() => ({ name })) }],
    [
      `also volumes ${name}`,
      { ...FIRST, volumes: [...(FIRST.volumes ?? []), ...many(() => ({ name, emptyDir: {} }))] },
    ],
  ]),
  ["our container", { ...FIRST, initContainers: many(() => BARE) }],
  [
    "init containers of our name",
    { ...FIRST, initContainers: [SIDECAR, ...many(() => ({ name: SIDECAR_CONTAINER }))] },
  ],
  ["containers of our name", { ...FIRST, containers: many(() => ({ name: SIDECAR_CONTAINER })) }],
  ["one of our variables", sidecarWith({ env: many(() => SIDECAR.env?.[0] ?? {}) })],
  ["variables before ours", sidecarWith({ env: rotatedEnvironment })],
  ["one of our mounts", sidecarWith({ volumeMounts: many(() => SIDECAR.volumeMounts?.[0] ?? {}) })],
  ["mounts before ours", sidecarWith({ volumeMounts: rotatedMounts })],
  [
    "mounts that are handed on",
    sidecarWith({ volumeMounts: many(() => ({ mountPropagation: "Bidirectional" })) }),
  ],
  ["our port", sidecarWith({ ports: many(() => port ?? {}) })],
  ["the app's port", { ...FIRST, containers: [{ ...APP, ports: many(() => port ?? {}) }] }],
  [
    "the app's containers with a probe",
    { ...FIRST, containers: many((index) => ({ name: `a${index}`, livenessProbe: {} })) },
  ],
  ["fields of a probe", sidecarWith({ readinessProbe: wide() })],
  ["requests", sidecarWith({ resources: { requests: wide() } })],
  ["limits", sidecarWith({ resources: { limits: wide() } })],
  ["fields of the security context", sidecarWith({ securityContext: wide() })],
  [
    "dropped capabilities",
    sidecarWith({ securityContext: { capabilities: { drop: many(String) } } }),
  ],
  ["fields of our container", sidecarWith(wide())],
  ["fields of our volume", { ...FIRST, volumes: [{ name: STATE_VOLUME, emptyDir: wide() }] }],
])("%s, 20,000 of them, make no answer larger than what was sent", (_, spec) => {
  const { sent, body } = answerTo(spec);
  expect(JSON.parse(body).response.allowed).toBe(true);
  expect(body.length).toBeLessThan(sent);
  expect(body.length).toBeLessThan(2 * PATCH_LIMIT_BYTES);
});
