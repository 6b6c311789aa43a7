/** What is in force of an invalid policy is what its status shows, if that can be used. */
import { expect, test } from "@jest/globals";
import { lastGoodPolicy } from "./last-good-policy.ts";
import { testPolicy } from "./testing/policy.ts";
import type { HealthPolicyStatus } from "./v1alpha1-status.ts";

type Shown = NonNullable<HealthPolicyStatus["effective"]>;

const standard = "ClusterHealthPolicy/standard";
const SHOWN: Shown = {
  mode: "DryRun",
  timing: {
    connectTimeout: { value: "500ms", source: "policy" },
    checkTimeout: { value: "1s", source: standard },
    interval: { value: "2m", source: "built-in" },
    failureThreshold: { value: 3, source: standard },
    successThreshold: { value: 2, source: "built-in" },
  },
  probe: {
    periodSeconds: { value: 4, source: "built-in" },
    timeoutSeconds: { value: 8, source: standard },
  },
  impact: [{ name: "orders-db", impact: "Observe", source: standard }],
  application: { probes: { value: "Align", source: standard } },
};
const { timing, probe } = SHOWN as Required<Shown>;

test("times and impacts are those of the status, with their sources; all else is the policy's", () => {
  const policy = testPolicy();
  expect(lastGoodPolicy(policy, SHOWN)).toStrictEqual({
    ...policy,
    mode: "DryRun",
    timing: {
      connectTimeoutMilliseconds: 500,
      checkTimeoutMilliseconds: 1_000,
      intervalMilliseconds: 120_000,
      failureThreshold: 3,
      successThreshold: 2,
    },
    probe: { periodSeconds: 4, timeoutSeconds: 8 },
    dependencies: policy.dependencies.map((one) => ({ ...one, impact: "Observe" })),
    application: { probes: "Align" },
    sources: {
      times: {
        connectTimeout: "policy",
        checkTimeout: standard,
        interval: "built-in",
        failureThreshold: standard,
        successThreshold: "built-in",
        periodSeconds: "built-in",
        timeoutSeconds: standard,
      },
      impact: { "orders-db": standard },
      probes: standard,
      maxUnready: "built-in",
      rollout: "built-in",
    },
  });
});

test("a dependency that the status does not know keeps the policy's impact", () => {
  const policy = testPolicy();
  const { impact: _, ...rest } = SHOWN;
  const good = lastGoodPolicy(policy, rest);
  expect(good?.dependencies).toStrictEqual(policy.dependencies);
  expect(good?.sources.impact).toStrictEqual(policy.sources.impact);
});

test.each([
  ["nothing", undefined],
  ["what there is not", { probes: { value: "Replace", source: standard } }],
])("a status that says %s of the app's probes leaves them to the policy", (_what, application) => {
  const good = lastGoodPolicy(testPolicy(), { ...SHOWN, application });
  expect(good?.application).toStrictEqual({ probes: "Keep" });
  expect(good?.sources.probes).toBe("built-in");
});

// Anybody with the right to write a status may have written it.
test.each<[string, object | undefined]>([
  ["nothing", undefined],
  ["no times", {}],
  ["no probe", { timing }],
  ["a time less", { ...SHOWN, timing: { ...timing, interval: undefined } }],
  ["a time without a value", { ...SHOWN, timing: { ...timing, interval: { source: "policy" } } }],
  ["a time that is none", { ...SHOWN, timing: { ...timing, interval: { value: "soon" } } }],
  ["a number as text", { ...SHOWN, probe: { ...probe, timeoutSeconds: { value: "8" } } }],
  ["a number beyond its limits", { ...SHOWN, probe: { ...probe, periodSeconds: { value: 61 } } }],
  ["a part of a number", { ...SHOWN, probe: { ...probe, periodSeconds: { value: 1.5 } } }],
  ["times that do not nest", { ...SHOWN, probe: { ...probe, timeoutSeconds: { value: 1 } } }],
])("nothing is in force where the status shows %s", (_what, shown) => {
  expect(lastGoodPolicy(testPolicy(), shown as Shown | undefined)).toBeUndefined();
});

test("times stay within the API's limits, whoever wrote the status", () => {
  const short = { ...SHOWN, timing: { ...timing, connectTimeout: { value: "1ms" } } };
  expect(lastGoodPolicy(testPolicy(), short)?.timing.connectTimeoutMilliseconds).toBe(50);
});
