/** Answers to reviews: what is decided, what is warned of, what is counted. */
import { describe, expect, jest, test } from "@jest/globals";
import { INJECT_LABEL, SIDECAR_CONTAINER } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import type { Knowledge } from "./decide-admission.ts";
import { POD, setUp } from "./testing/admission.ts";
import { applyPatch } from "./testing/apply-patch.ts";

function labelled(value: string) {
  return { ...POD, metadata: { labels: { app: "web", [INJECT_LABEL]: value } } };
}

describe("a pod is injected", () => {
  test("and the answer repeats the uid", async () => {
    const { answer, counts } = setUp();
    expect(answer(POD, { uid: "another" })).toStrictEqual({
      uid: "another",
      allowed: true,
      patchType: "JSONPatch",
      patch: expect.any(String),
    });
    expect(await counts()).toStrictEqual(["injected/=1"]);
  });

  test("also with a uid of 64 characters", () => {
    const uid = "u".repeat(64);
    expect(setUp().answer(POD, { uid })).toMatchObject({ uid, patch: expect.any(String) });
  });

  test("in a dry run too", () => {
    expect(setUp().answer(POD, { dryRun: true }).patch).toBeDefined();
  });

  test("by the policies of the review's namespace, which the pod may not name", () => {
    const policies = jest.fn(() => [testPolicy()]);
    expect(setUp({ policies }).answer(POD, { namespace: "shop" }).patch).toBeDefined();
    expect(policies.mock.calls).toStrictEqual([["shop"]]);
  });

  test("by the oldest policy, with a warning that names the other", () => {
    const older = testPolicy({ name: "old", creationTimestamp: "2025-01-01T00:00:00Z" });
    const { warnings, patch } = setUp({ policies: () => [testPolicy(), older] }).answer(POD);
    expect(warnings).toStrictEqual([
      "HealthPolicy old applies to this pod, not the younger web, which matches it too",
    ]);
    expect(Buffer.from(patch, "base64").toString()).toContain("healthpolicy-policy-old");
  });

  test("with a warning where the label says nothing we know", () => {
    const { warnings, patch } = setUp().answer(labelled("yes"));
    expect(patch).toBeDefined();
    expect(warnings).toStrictEqual([
      `label ${INJECT_LABEL}: value "yes" ignored; write "false" to opt the pod out`,
    ]);
  });

  test("and no control character of a label gets into a warning", () => {
    const { warnings } = setUp().answer(labelled(`no\r\nX-Evil: 1\u0000${"y".repeat(100)}`));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(warnings[0]).not.toMatch(/[\u0000-\u001f]/);
    expect(warnings[0].length).toBeLessThan(256);
  });

  test("without a warning where the label says true", () => {
    expect(setUp().answer(labelled("true")).warnings).toBeUndefined();
  });
});

test("a pod whose patch would be over 1 MiB is told from its size, and gets no sidecar", async () => {
  const { answer, counts } = setUp();
  // The variables after one that is taken out move up, and the whole list is in the patch.
  const env = [{ name: "NODE_OPTIONS" }, { name: "LARGE", value: "x".repeat(1024 * 1024) }];
  const sidecar = { name: SIDECAR_CONTAINER, image: SETTINGS.image, env };
  expect(answer({ ...POD, spec: { ...POD.spec, initContainers: [sidecar] } })).toStrictEqual({
    uid: expect.any(String),
    allowed: true,
    warnings: [
      "healthpolicy: no sidecar was added, because the patch for the pod would be larger than 1 MiB",
    ],
  });
  expect(await counts()).toStrictEqual(["skipped/PatchTooLarge=1"]);
});

test("the mesh that the namespace asks for leaves our port alone", () => {
  const asks = { "linkerd.io/inject": "enabled" };
  const { answer } = setUp({ namespaceAnnotations: (name) => (name === "shop" ? asks : {}) });
  const operations = JSON.parse(Buffer.from(answer(POD).patch, "base64").toString());
  expect(applyPatch(POD, operations)).toMatchObject({
    metadata: {
      annotations: { "config.linkerd.io/skip-inbound-ports": expect.stringMatching(/,19847$/) },
    },
  });
});

describe("a pod stays as it is", () => {
  test.each<[string, unknown, Record<string, unknown>, Partial<Knowledge>, string]>([
    ["when no policy matches", { metadata: {}, spec: {} }, {}, {}, "skipped/NoMatchingPolicy=1"],
    ["when the namespace has none", POD, {}, { policies: () => [] }, "skipped/NoMatchingPolicy=1"],
    ["in kube-system", POD, { namespace: "kube-system" }, {}, "skipped/NamespaceExcluded=1"],
    [
      "in kube-node-lease",
      POD,
      { namespace: "kube-node-lease" },
      {},
      "skipped/NamespaceExcluded=1",
    ],
    [
      "in the operator's namespace",
      POD,
      { namespace: "healthpolicy-system" },
      {},
      "skipped/NamespaceExcluded=1",
    ],
    [
      "in a namespace that is opted out",
      POD,
      {},
      { namespaceOptedOut: (namespace) => namespace === "shop" },
      "skipped/NamespaceOptedOut=1",
    ],
  ])("%s", async (_, pod, request, knowledge, count) => {
    const { answer, counts } = setUp(knowledge);
    expect(answer(pod, request)).toStrictEqual({ uid: "review-1", allowed: true });
    expect(await counts()).toStrictEqual([count]);
  });

  test.each([
    ["ConfigMapNotOurs", "ConfigMap healthpolicy-policy-web belongs to somebody else."],
    ["ConfigMapRefused", "ConfigMap healthpolicy-policy-web is refused by the API server."],
    ["ImageNotPulled", "nodes cannot pull or start its image, and the pod would not start."],
  ] as const)("with a warning while the policy is held back: %s", async (reason, why) => {
    const heldBack = ({ name }: { name: string }) => (name === "web" ? reason : undefined);
    const { answer, counts } = setUp({ heldBack });
    expect(answer(POD)).toStrictEqual({
      uid: "review-1",
      allowed: true,
      warnings: [`HealthPolicy web matches this pod, but it gets no sidecar: ${why}`],
    });
    expect(await counts()).toStrictEqual([`skipped/${reason}=1`]);
  });

  test("with a warning where it is what the policy waits for", async () => {
    const database = { namespace: "shop", name: "orders-db", headless: false };
    const { answer, counts } = setUp({
      service: ({ name }) =>
        name === "orders-db" ? { ...database, selector: { app: "web" } } : undefined,
    });
    expect(answer(POD)).toStrictEqual({
      uid: "review-1",
      allowed: true,
      warnings: [
        "HealthPolicy web matches this pod, but it gets no sidecar: The pod is behind Service orders-db, the host of dependency orders-db, and would wait for itself.",
      ],
    });
    expect(await counts()).toStrictEqual(["skipped/CircularDependency=1"]);
  });

  test("with a warning that says why", async () => {
    const { answer, counts } = setUp();
    const pod = { ...POD, spec: { ...POD.spec, hostNetwork: true } };
    expect(answer(pod)).toStrictEqual({
      uid: "review-1",
      allowed: true,
      warnings: [
        "HealthPolicy web matches this pod, but it gets no sidecar: The pod uses the node's network, where two sidecars would fight for one port.",
      ],
    });
    expect(await counts()).toStrictEqual(["skipped/HostNetwork=1"]);
  });

  test("with a warning while the cache is not filled", async () => {
    const { answer, counts } = setUp({ policies: () => undefined });
    expect(answer(POD)).toStrictEqual({
      uid: "review-1",
      allowed: true,
      warnings: ["healthpolicy: no sidecar was added, because the operator is still starting"],
    });
    expect(await counts()).toStrictEqual(["error/CacheNotSynced=1"]);
  });

  test.each<[string, unknown, Partial<Knowledge>]>([
    [
      "the lookup of policies fails",
      POD,
      {
        policies: () => {
          throw new Error("canary-secret\n    at canary-secret");
        },
      },
    ],
    ["injection fails", { ...POD, spec: { containers: "canary-secret" } }, {}],
    [
      "annotations are no text",
      { ...POD, metadata: { ...POD.metadata, annotations: { a: 1 } } },
      {},
    ],
  ])("with a warning and a log line when %s", async (_, pod, knowledge) => {
    const { answer, counts, log } = setUp(knowledge);
    expect(answer(pod, { uid: "canary-secret" })).toStrictEqual({
      uid: "canary-secret",
      allowed: true,
      warnings: [
        "healthpolicy: no sidecar was added, because of an error in the operator; see its log",
      ],
    });
    expect(await counts()).toStrictEqual(["error/InternalError=1"]);
    expect(log.error).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(log.error.mock.calls)).toMatch(/"namespace":"shop".*"at":"at /);
    expect(JSON.stringify(log.error.mock.calls)).not.toContain("canary-secret");
  });
});

test.each<[string, () => unknown, object]>([
  ["what was thrown is no error", () => "canary-secret", { error: "string" }],
  [
    "its stack does not tell message from place",
    () => Object.assign(new TypeError("canary-secret"), { stack: "x\n    at x" }),
    { error: "TypeError" },
  ],
])("the log holds the kind alone where %s", (_, thrown, logged) => {
  const policies = () => {
    throw thrown();
  };
  const { answer, log } = setUp({ policies });
  answer(POD);
  expect(log.error.mock.calls[0]?.[0]).toStrictEqual({ namespace: "shop", ...logged });
});

test("a pod without a sidecar whose probes meet standards now is counted as raised, and why it has none", async () => {
  const standards = () => [
    { enforcement: "Apply" as const, livenessProbe: { minTimeoutSeconds: 5 } },
  ];
  const { answer, counts } = setUp({ policies: () => [], standards });
  const probed = { ...POD.spec.containers[0], livenessProbe: { tcpSocket: { port: 80 } } };
  const { patch } = answer({ ...POD, spec: { containers: [probed] } });
  expect(JSON.parse(Buffer.from(patch, "base64").toString())).toContainEqual({
    op: "add",
    path: "/spec/containers/0/livenessProbe/timeoutSeconds",
    value: 5,
  });
  expect(await counts()).toStrictEqual(["raised/NoMatchingPolicy=1"]);
});

test("a second call about the same pod gives no patch", () => {
  const { answer } = setUp();
  const first = answer(POD);
  const operations = JSON.parse(Buffer.from(first.patch, "base64").toString());
  const injected = applyPatch(POD, operations) as typeof POD;
  expect(JSON.stringify(injected)).toContain(SIDECAR_CONTAINER);
  expect(answer(injected)).toStrictEqual({ uid: "review-1", allowed: true });
});

test("the time of each decision is measured", async () => {
  const { answer, registry } = setUp();
  answer(POD);
  expect(await registry.metrics()).toContain("healthpolicy_webhook_duration_seconds_count 1");
});
