/** A pod that names what is ours many times over, or has endless texts: the answer stays small, whoever posts it. */
import { expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import {
  CONFIG_VOLUME,
  INJECT_LABEL,
  NO_TOKEN_VOLUME,
  SIDECAR_CONTAINER,
  STATE_VOLUME,
} from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "../inject/inject.ts";
import type { Container, Pod, PodSpec } from "../inject/pod.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import { admit } from "./admit.ts";
import { PATCH_LIMIT_BYTES } from "./bounded-patch.ts";
import type { Fields } from "./fields.ts";
import { webhookMetrics } from "./metrics.ts";
import { reviewAnswer } from "./review.ts";
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

function answerTo({ spec, ...rest }: Pod) {
  const options = {
    knowledge: testKnowledge({
      policies: () => [POLICY],
      standards: () => [{ enforcement: "Apply" as const, livenessProbe: { minTimeoutSeconds: 9 } }],
    }),
    metrics: webhookMetrics(new Registry()),
    log: { info: jest.fn(), error: jest.fn() },
  };
  const text = JSON.stringify(reviewOf({ ...rest, spec: { containers: [APP], ...spec } }));
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
  const { sent, body } = answerTo({ spec });
  expect(JSON.parse(body).response.allowed).toBe(true);
  expect(body.length).toBeLessThan(sent);
  expect(body.length).toBeLessThan(2 * PATCH_LIMIT_BYTES);
});

/** More than any answer to an honest pod. */
const SMALL_ANSWER = 16 * 1024;
/** As many bytes as a body may have, in letters that take two in memory. */
const ENDLESS = "€".repeat(1_000_000);

type Path = readonly string[];

/** Where in `value` texts, numbers and the like are. */
function scalarsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, part]) => scalarsIn(part, [...path, key]));
}

/** A copy of `value` in which what is at the path goes on with `text`. */
function lengthened(value: unknown, [key, ...rest]: Path, text: string): unknown {
  if (key === undefined) return `${value}${text}`;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Fields;
  copy[key] = lengthened(copy[key], rest, text);
  return copy;
}

const HANGING = { httpGet: { path: "/", port: 80 }, periodSeconds: 5, timeoutSeconds: 20 };
/** Read by rules that name what they saw, or copied into what is ours. */
const TOLD: Pod = {
  metadata: {
    name: "web",
    namespace: "shop",
    labels: { [INJECT_LABEL]: "no", "azure.workload.identity/use": "true" },
    annotations: {
      "linkerd.io/inject": "enabled",
      "config.linkerd.io/skip-inbound-ports": "25",
      "eks.amazonaws.com/skip-containers": "app",
      "azure.workload.identity/skip-containers": "app",
    },
  },
  spec: {
    containers: [
      {
        ...APP,
        livenessProbe: HANGING,
        readinessProbe: HANGING,
        securityContext: { runAsUser: 1_000, runAsGroup: 1_000 },
      },
    ],
  },
};

test.each<[string, Pod]>([
  ["that was injected by an earlier call", { metadata: { name: "web" }, spec: FIRST }],
  ["with warnings", TOLD],
  ["that opts out", { metadata: { labels: { [INJECT_LABEL]: "false" } } }],
  ["of a mirror", { metadata: { annotations: { "kubernetes.io/config.mirror": "1" } } }],
  ["of the node's network", { spec: { hostNetwork: true, nodeName: "node-1" } }],
  ["of a Job", { spec: { restartPolicy: "Never" } }],
  [
    "of Windows",
    { spec: { os: { name: "windows" }, nodeSelector: { "kubernetes.io/os": "windows" } } },
  ],
  ["of a virtual node", { spec: { nodeSelector: { type: "virtual-kubelet" } } }],
  ["of gVisor", { spec: { runtimeClassName: "gvisor-" } }],
  ["of SpinKube", { spec: { runtimeClassName: "spin-" } }],
  [
    "with a container of our name",
    { spec: { containers: [{ name: SIDECAR_CONTAINER, image: "x" }] } },
  ],
  [
    "with a volume of our name",
    { spec: { volumes: [{ name: STATE_VOLUME, hostPath: { path: "/" } }] } },
  ],
])("no text without end in a pod %s comes back", (_, pod) => {
  for (const path of scalarsIn(pod)) {
    const { body } = answerTo(lengthened(pod, path, ENDLESS) as Pod);
    expect(JSON.parse(body).response.allowed).toBe(true);
    expect([path.join("."), body.length < SMALL_ANSWER]).toStrictEqual([path.join("."), true]);
  }
});

test("a warning has an end, and no control characters, for which API servers would drop it", () => {
  const warnings = [ENDLESS, "a\u0000b\nc\u007fd\u0085e"];
  const body = reviewAnswer("review-1", [], warnings);
  expect(body.length).toBeLessThan(SMALL_ANSWER);
  expect(JSON.parse(body).response.warnings.at(-1)).toBe("a b c d e");
});
