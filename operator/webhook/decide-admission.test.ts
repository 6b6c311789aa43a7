/** Warnings beside a decision, and pods that state less than most. Answers as a whole are in admit.test.ts. */
import { describe, expect, test } from "@jest/globals";
import { INJECT_LABEL, PROBES_RAISED_ANNOTATION } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import type { Pod } from "../inject/pod.ts";
import { decideAdmission, type Knowledge } from "./decide-admission.ts";
import { testKnowledge } from "./testing/knowledge.ts";

const ALL = testPolicy({ selector: {} });

function decide(pod: Pod, policies = [ALL], other: Partial<Knowledge> = {}) {
  const knowledge = testKnowledge({ policies: () => policies, ...other });
  return decideAdmission({ uid: "1", namespace: "shop", pod }, knowledge);
}

test("a pod without metadata has no labels, and belongs to a policy that selects all", () => {
  expect(decide({})).toMatchObject({ result: "injected", warnings: [] });
  expect(decide({}, [testPolicy()])).toMatchObject({ reason: "NoMatchingPolicy" });
});

test("of more than two policies the second is named and the others are counted", () => {
  const policies = ["2025", "2026", "2027", "2028"].map((year) => ({
    ...ALL,
    name: `of-${year}`,
    creationTimestamp: `${year}-01-01T00:00:00Z`,
  }));
  expect(decide({}, policies).warnings).toStrictEqual([
    "HealthPolicy of-2025 applies to this pod, not the younger of-2026 (and 2 more), which matches it too",
  ]);
});

test("the label that opts out is no value to be warned of", () => {
  expect(decide({ metadata: { labels: { [INJECT_LABEL]: "false" } } }).warnings).toStrictEqual([
    `HealthPolicy web matches this pod, but it gets no sidecar: The pod's label ${INJECT_LABEL}: "false" opts it out.`,
  ]);
});

test("no more of a label is quoted than a label can hold", () => {
  const [warning] = decide({ metadata: { labels: { [INJECT_LABEL]: "y".repeat(64) } } }).warnings;
  expect(warning).toContain(`value "${"y".repeat(63)}" ignored`);
});

describe("a probe that waits longer than its period", () => {
  const probe = { tcpSocket: { port: 80 }, periodSeconds: 2, timeoutSeconds: 5 };
  const pod: Pod = { spec: { containers: [{ name: "app", readinessProbe: probe }] } };

  test("is warned of where the pod gets a sidecar", () => {
    expect(decide(pod, [ALL]).warnings).toStrictEqual([
      expect.stringMatching(/^container "app": readinessProbe.periodSeconds \(2\) is less than/),
    ]);
  });

  test("is not where the policy raises its period, where the pod is opted out, and where no policy selects it", () => {
    const aligned = testPolicy({ selector: {}, application: { probes: "Align" } });
    expect(decide(pod, [aligned]).warnings).toStrictEqual([]);
    const optedOut = { ...pod, metadata: { labels: { [INJECT_LABEL]: "false" } } };
    expect(decide(optedOut, [ALL]).warnings).toStrictEqual([
      expect.stringContaining("opts it out"),
    ]);
    expect(decide(pod, []).warnings).toStrictEqual([]);
  });
});

describe("standards that are applied", () => {
  const standards = () => [
    undefined,
    { enforcement: "Apply" as const, readinessProbe: { minTimeoutSeconds: 8 } },
  ];
  const probed: Pod = {
    spec: { containers: [{ name: "app", readinessProbe: { tcpSocket: { port: 80 } } }] },
  };
  const raised = {
    metadata: {
      annotations: { [PROBES_RAISED_ANNOTATION]: "app/readinessProbe.timeoutSeconds=1->8" },
    },
    spec: { containers: [{ readinessProbe: { timeoutSeconds: 8 } }] },
  };

  test("raise the probes of a pod that no policy selects, and say nothing of it", () => {
    expect(decide(probed, [], { standards })).toMatchObject({
      result: "raised",
      reason: "NoMatchingPolicy",
      warnings: [],
      pod: raised,
    });
  });

  test("leave back-to-back probes of a pod without a sidecar unsaid", () => {
    const startupProbe = { tcpSocket: { port: 80 }, periodSeconds: 2, timeoutSeconds: 5 };
    const containers = probed.spec?.containers?.map((one) => ({ ...one, startupProbe })) ?? [];
    const decision = decide({ spec: { containers } }, [], { standards });
    expect(decision).toMatchObject({ result: "raised", warnings: [] });
  });

  test("raise those of a pod that gets no sidecar, and say why it gets none", () => {
    const pod = { ...probed, spec: { ...probed.spec, hostNetwork: true } };
    expect(decide(pod, [ALL], { standards })).toMatchObject({
      result: "raised",
      reason: "HostNetwork",
      warnings: [expect.stringContaining("it gets no sidecar")],
      pod: raised,
    });
  });

  test("raise those of an injected pod further than its policy aligns them", () => {
    const policy = testPolicy({ selector: {}, application: { probes: "Align" } });
    const decision = decide(probed, [policy], { standards });
    expect(decision).toMatchObject({ result: "injected", reason: "", pod: raised });
    expect(decision.pod?.spec?.initContainers).toHaveLength(1);
  });

  test("have nothing to do in a pod that meets them", () => {
    const met = decide(probed, [], { standards }).pod as Pod;
    const again = decide(met, [], { standards });
    expect(again).toStrictEqual({ result: "skipped", reason: "NoMatchingPolicy", warnings: [] });
  });

  test.each<[string, Pod, Partial<Knowledge>]>([
    [
      "a pod that is opted out",
      { ...probed, metadata: { labels: { [INJECT_LABEL]: "false" } } },
      {},
    ],
    ["a namespace that is opted out", probed, { namespaceOptedOut: () => true }],
    ["a namespace that is never reached", probed, { ownNamespace: "shop" }],
    ["a replica that does not know all yet", probed, { policies: () => undefined }],
  ])("leave %s alone", (_what, pod, other) => {
    const decision = decide(pod, [], { standards, ...other });
    expect(decision).not.toHaveProperty("pod");
    expect(decision.result).not.toBe("raised");
  });
});

test("a policy that aligns raises no period above what standards of the namespace allow", () => {
  const policy = testPolicy({ selector: {}, application: { probes: "Align" } });
  const probe = { tcpSocket: { port: 80 }, timeoutSeconds: 1, periodSeconds: 2 };
  const pod: Pod = { spec: { containers: [{ name: "app", readinessProbe: probe }] } };
  const deny = { enforcement: "Deny" as const, readinessProbe: { maxPeriodSeconds: 3 } };
  const decision = decide(pod, [policy], { standards: () => [deny] });
  expect(decision.pod?.spec?.containers?.[0]?.readinessProbe).toMatchObject({
    timeoutSeconds: 5,
    periodSeconds: 3,
  });
});

describe("a later call", () => {
  const probe = { tcpSocket: { port: 80 }, timeoutSeconds: 1, periodSeconds: 10 };
  const original: Pod = {
    metadata: { labels: { app: "web" }, annotations: { team: "shop" } },
    spec: {
      containers: [{ name: "app", image: "app:1", readinessProbe: probe }],
      initContainers: [{ name: "wait", image: "wait:1" }],
      volumes: [{ name: "data", emptyDir: {} }],
    },
  };
  const first = (pod: Pod, policy = ALL): Pod => decide(pod, [policy]).pod as Pod;
  const withSpec = (pod: Pod, spec: Pod["spec"]): Pod => ({
    ...pod,
    spec: { ...pod.spec, ...spec },
  });

  test.each<[string, Pod["spec"]]>([
    ["HostNetwork", { hostNetwork: true }],
    ["Windows", { nodeSelector: { "kubernetes.io/os": "windows" } }],
    ["RestartPolicy", { restartPolicy: "Never" }],
  ])("that finds %s gives back the pod as it was before the first", (reason, spec) => {
    for (const pod of [original, { metadata: {}, spec: { containers: [{ name: "app" }] } }]) {
      expect(decide(withSpec(first(pod), spec))).toStrictEqual({
        result: "skipped",
        reason,
        warnings: [
          expect.stringMatching(
            /^HealthPolicy web matches this pod, but it gets no sidecar: The pod/,
          ),
        ],
        pod: withSpec(pod, spec),
      });
    }
  });

  test("leaves raised the times that the first one aligned, and the record of it", () => {
    const policy = testPolicy({ selector: {}, application: { probes: "Align" } });
    const { pod } = decide(withSpec(first(original, policy), { hostNetwork: true }), [policy]);
    const raised = { ...probe, timeoutSeconds: 5 };
    expect(pod).toStrictEqual({
      metadata: {
        ...original.metadata,
        annotations: {
          team: "shop",
          [PROBES_RAISED_ANNOTATION]: "app/readinessProbe.timeoutSeconds=1->5",
        },
      },
      spec: {
        ...original.spec,
        hostNetwork: true,
        containers: [{ name: "app", image: "app:1", readinessProbe: raised }],
      },
    });
  });

  test("counts as raised where standards raise what is left", () => {
    const standards = () => [
      { enforcement: "Apply" as const, readinessProbe: { minTimeoutSeconds: 8 } },
    ];
    const decision = decide(withSpec(first(original), { hostNetwork: true }), [ALL], { standards });
    expect(decision).toMatchObject({ result: "raised", reason: "HostNetwork" });
    expect(decision.pod?.spec?.initContainers).toStrictEqual(original.spec?.initContainers);
    expect(decision.pod?.spec?.containers?.[0]?.readinessProbe?.timeoutSeconds).toBe(8);
  });

  test("that finds our container with the image of another, as a rule by its index puts there, says so", () => {
    const renamed = (pod: Pod): Pod => {
      const [ours, ...others] = pod.spec?.initContainers ?? [];
      return withSpec(pod, { initContainers: [{ ...ours, image: "migrate:2" }, ...others] });
    };
    const why = /: The container name healthpolicy-sidecar is reserved, and the pod has another /;
    const injected = renamed(first(original));
    const decision = decide(injected);
    expect(decision).toStrictEqual({
      result: "skipped",
      reason: "ReservedContainerName",
      warnings: [expect.stringMatching(why)],
    });
    expect(decision.warnings[0]).toContain("whose sidecar has another image by now");
    const foreign = decide({ ...injected, metadata: original.metadata ?? {} });
    expect(foreign.warnings[0]).toContain("but it gets no sidecar");
    const withoutOurs = withSpec(first(original), { initContainers: [], restartPolicy: "Never" });
    expect(decide(withoutOurs).warnings[0]).toContain("but it gets no sidecar");
  });

  test("leaves the sidecar where the skip lies in no kind of the pod, and says so", () => {
    const heldBack = () => "ConfigMapNotOurs" as const;
    expect(decide(first(original), [ALL], { heldBack })).toStrictEqual({
      result: "skipped",
      reason: "ConfigMapNotOurs",
      warnings: [
        "HealthPolicy web matches this pod, whose sidecar is left as it is: ConfigMap healthpolicy-policy-web belongs to somebody else.",
      ],
    });
  });
});
