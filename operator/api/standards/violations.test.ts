import { describe, expect, test } from "@jest/globals";
import { openApiSchema } from "../crd.ts";
import { CLUSTER_HEALTH_POLICY } from "../resources.ts";
import { EXEMPT_CONTAINERS } from "./exempt-containers.ts";
import type { Standards } from "./rule.ts";
import { RULES } from "./rules.ts";
import { EVERY_STANDARD, EXAMPLES, podOf } from "./testing/examples.ts";
import { violations } from "./violations.ts";

const sentences = (...parameters: Parameters<typeof violations>) =>
  violations(...parameters).map(({ sentence }) => sentence);

describe.each(EXAMPLES)("the example of $rule", ({ rule, sentence, violating, corrected }) => {
  test("violates that rule alone, with the sentence of its first line", () => {
    const [container] = podOf(violating).containers ?? [];
    expect(violations(podOf(violating), EVERY_STANDARD)).toStrictEqual([
      { rule, container: container?.name, sentence },
    ]);
  });

  test("violates none once corrected", () => {
    expect(violations(podOf(corrected), EVERY_STANDARD)).toStrictEqual([]);
  });

  test("is not asked for by a ClusterHealthPolicy without standards", () => {
    const unset = { enforcement: "Warn" } as const;
    expect(violations(podOf(violating), unset)).toStrictEqual([]);
    const empty = { ...unset, readinessProbe: {}, livenessProbe: {} };
    expect(violations(podOf(violating), empty)).toStrictEqual([]);
  });
});

test("every rule has an example, and the status has room for all of them", () => {
  const ids = RULES.map(({ id }) => id);
  expect(EXAMPLES.map(({ rule }) => rule)).toStrictEqual(ids.toSorted());
  const coverage = openApiSchema(CLUSTER_HEALTH_POLICY).properties?.status?.properties?.coverage;
  expect(coverage?.properties?.violations?.maxItems).toBe(new Set(ids).size);
});

test("every standard is one that a rule asks for", () => {
  const fields = (["readinessProbe", "livenessProbe"] as const).flatMap((probe) =>
    Object.keys(EVERY_STANDARD[probe] ?? {}).map((field) => `${probe}.${field}`),
  );
  expect(fields.sort()).toStrictEqual(RULES.map(({ standard }) => standard).toSorted());
});

const REQUIRED = {
  enforcement: "Warn",
  readinessProbe: { required: true, minTimeoutSeconds: 5 },
  livenessProbe: { required: true },
} as const;

test("several violations come by rule, then by container", () => {
  const livenessProbe = { tcpSocket: { port: 80 } };
  const containers = [{ name: "b", livenessProbe }, { name: "a" }];
  expect(violations({ containers }, REQUIRED).map(({ rule, container }) => [rule, container]))
    // biome-ignore format: one violation per line
    .toStrictEqual([
    ["ReadinessProbeMissing", "b"],
    ["ReadinessProbeMissing", "a"],
    ["LivenessProbeMissing", "a"],
  ]);
});

test.each(["Never", "OnFailure"])(
  "a pod with restartPolicy %s needs no probe, but one that it has is judged",
  (restartPolicy) => {
    expect(violations({ restartPolicy, containers: [{ name: "a" }] }, REQUIRED)).toStrictEqual([]);
    const readinessProbe = { exec: { command: ["true"] } };
    expect(
      sentences({ restartPolicy, containers: [{ name: "a", readinessProbe }] }, REQUIRED),
    ).toStrictEqual([
      'container "a": readinessProbe.timeoutSeconds is 1 (the default); write 5 or more',
    ]);
  },
);

test("a container of a pod whose restartPolicy is stated as Always needs its probes", () => {
  expect(
    sentences({ restartPolicy: "Always", containers: [{ name: "a" }] }, REQUIRED),
  ).toHaveLength(2);
});

test("a time of zero is one that the API server fills in", () => {
  const readinessProbe = { tcpSocket: { port: 1 }, timeoutSeconds: 0, periodSeconds: 0 };
  const standards = {
    enforcement: "Warn",
    readinessProbe: { minTimeoutSeconds: 2, maxPeriodSeconds: 9 },
  } as const;
  expect(sentences({ containers: [{ name: "a", readinessProbe }] }, standards)).toStrictEqual([
    'container "a": readinessProbe.timeoutSeconds is 1 (the default); write 2 or more',
    'container "a": readinessProbe.periodSeconds is 10 (the default); write 9 or less',
  ]);
});

test("a pod whose containers nobody stated violates nothing", () => {
  expect(violations({}, REQUIRED)).toStrictEqual([]);
});

test("init containers and native sidecars are not judged, and neither is a name that no container can have", () => {
  const pod = {
    initContainers: [{ name: "mesh", restartPolicy: "Always" }],
    containers: [{}, { name: "\u001b[2J" }, { name: "a".repeat(64) }],
  };
  expect(violations(pod, REQUIRED)).toStrictEqual([]);
});

test.each(EXEMPT_CONTAINERS)(
  "a container called %s is not judged, and the app beside it is",
  (name) => {
    const livenessProbe = { tcpSocket: { port: 80 } };
    const containers = [
      { name, readinessProbe: { tcpSocket: { port: 80 } } },
      { name: "a", livenessProbe },
    ];
    expect(violations({ containers }, REQUIRED).map(({ container }) => container)).toStrictEqual([
      "a",
    ]);
  },
);

const DIFFERS = { enforcement: "Warn", livenessProbe: { differsFromReadiness: true } } as const;

describe("a livenessProbe is the same as the readinessProbe", () => {
  test.each([
    [{ httpGet: { port: 80 } }, { httpGet: { port: 80, path: "/", scheme: "HTTP" } }, "httpGet"],
    [{ exec: { command: ["a"] } }, { exec: { command: ["a"] }, timeoutSeconds: 9 }, "exec"],
    [{ tcpSocket: { port: "web" } }, { tcpSocket: { port: "web" } }, "tcpSocket"],
    [{ grpc: { port: 1 } }, { grpc: { port: 1, service: "" } }, "grpc"],
  ])("%j", (readinessProbe, livenessProbe, handler) => {
    const containers = [{ name: "a", readinessProbe, livenessProbe }];
    expect(sentences({ containers }, DIFFERS)).toStrictEqual([
      `container "a": livenessProbe.${handler} is the same as readinessProbe.${handler}; write a livenessProbe that looks at the process alone`,
    ]);
  });
});

describe("a livenessProbe differs from the readinessProbe", () => {
  const header = (value: string) => ({ port: 80, httpHeaders: [{ name: "X-Check", value }] });
  test.each([
    [{ httpGet: { port: 80, path: "/a" } }, { httpGet: { port: 80, path: "/b" } }],
    [{ httpGet: { port: 80 } }, { httpGet: { port: 81 } }],
    [{ httpGet: { port: 80 } }, { httpGet: { port: 80, scheme: "HTTPS" } }],
    [{ httpGet: { port: 80 } }, { httpGet: { port: 80, host: "other" } }],
    [{ httpGet: header("live") }, { httpGet: header("ready") }],
    [{ tcpSocket: { port: 80 } }, { tcpSocket: { port: 81 } }],
    [{ tcpSocket: { port: 80 } }, { tcpSocket: { port: 80, host: "other" } }],
    [{ tcpSocket: { port: 80, host: "one" } }, { tcpSocket: { port: 80, host: "other" } }],
    [{ httpGet: { port: 80, host: "one" } }, { httpGet: { port: 80, host: "other" } }],
    [{ grpc: { port: 80, service: "live" } }, { grpc: { port: 80, service: "ready" } }],
    [{ exec: { command: ["a"] } }, { exec: { command: ["a", "b"] } }],
    [{ exec: { command: ["a"] } }, { httpGet: { port: 80 } }],
    [undefined, { httpGet: { port: 80 } }],
  ])("%j, %j", (readinessProbe, livenessProbe) => {
    const containers = [{ name: "a", livenessProbe, ...(readinessProbe && { readinessProbe }) }];
    expect(sentences({ containers }, DIFFERS)).toStrictEqual([]);
  });
});

test.each([
  ["/health/db", true],
  ["health/db", true],
  ["/health/db?deep=1", true],
  ["/health/db/", false],
  ["/health", false],
  [undefined, false],
])("a livenessProbe that asks %s names a forbidden path: %s", (path, expected) => {
  const standards: Standards = {
    enforcement: "Warn",
    livenessProbe: { forbiddenPaths: ["/ready", "/health/db"] },
  };
  const livenessProbe = { httpGet: { port: 80, ...(path !== undefined && { path }) } };
  const found = violations({ containers: [{ name: "a", livenessProbe }] }, standards);
  expect(found).toHaveLength(expected ? 1 : 0);
});
