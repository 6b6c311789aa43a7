/** Each value in force comes from the first that sets it: the policy, the oldest cluster policy, the next, us. */
import { describe, expect, test } from "@jest/globals";
import {
  type DefaultsSupplier,
  layersOf,
  mergeImpact,
  mergeProbes,
  mergeRollout,
  mergeTimes,
} from "./merge-defaults.ts";
import { DEFAULT_TIMES, type TimeField } from "./timing.ts";

const TIMES = {
  timing: {
    connectTimeout: "1s",
    checkTimeout: "2s",
    interval: "3s",
    failureThreshold: 4,
    successThreshold: 5,
  },
  probe: { periodSeconds: 6, timeoutSeconds: 7 },
};
const VALUES: Record<TimeField, string | number> = { ...TIMES.timing, ...TIMES.probe };
const FIELDS = Object.keys(DEFAULT_TIMES) as TimeField[];
/** An object that sets this field alone. */
const only = (field: TimeField, value: string | number) =>
  field in TIMES.timing ? { timing: { [field]: value } } : { probe: { [field]: value } };
const old: DefaultsSupplier = { name: "old", defaults: TIMES };
const young: DefaultsSupplier = { name: "young", defaults: TIMES };
const without: DefaultsSupplier = { name: "standards-alone" };

describe.each(FIELDS)("%s", (field) => {
  const other = typeof VALUES[field] === "string" ? "9s" : 9;

  test("of the policy beats every default", () => {
    const layers = layersOf(only(field, other), [old, young]);
    expect(mergeTimes(layers)[field]).toStrictEqual({ value: other, source: "policy" });
  });

  test("of the older cluster policy beats that of the younger", () => {
    const suppliers = [without, { name: "first", defaults: only(field, other) }, young];
    const source = "ClusterHealthPolicy/first";
    expect(mergeTimes(layersOf({}, suppliers))[field]).toStrictEqual({ value: other, source });
  });

  test("that the older leaves unset comes from the younger", () => {
    const rest = FIELDS.find((one) => one !== field) as TimeField;
    const suppliers = [{ name: "first", defaults: only(rest, VALUES[rest]) }, young];
    expect(mergeTimes(layersOf({}, suppliers))[field]).toStrictEqual({
      value: VALUES[field],
      source: "ClusterHealthPolicy/young",
    });
  });

  test("that nobody sets is built in", () => {
    expect(mergeTimes(layersOf({ timing: {}, probe: {} }, [without]))[field]).toStrictEqual({
      value: DEFAULT_TIMES[field],
      source: "built-in",
    });
  });
});

describe("impact", () => {
  const observe: DefaultsSupplier = {
    name: "standard",
    defaults: { impact: { memcached: "Observe" } },
  };
  const layers = layersOf({}, [
    observe,
    { name: "b", defaults: { impact: { memcached: "Gate" } } },
  ]);

  test("of the dependency beats every default", () => {
    expect(mergeImpact(layers, { type: "memcached", impact: "Gate" }, "Gate")).toStrictEqual({
      value: "Gate",
      source: "policy",
    });
  });

  test("that it leaves unset comes from the oldest cluster policy with one for its type", () => {
    expect(mergeImpact(layers, { type: "memcached", impact: "Gate" }, undefined)).toStrictEqual({
      value: "Observe",
      source: "ClusterHealthPolicy/standard",
    });
  });

  test.each([
    ["postgresql", "Gate"],
    ["", "Observe"],
  ] as const)("of type %j, for which nobody has one, is built in", (type, impact) => {
    expect(mergeImpact(layers, { type, impact }, undefined)).toStrictEqual({
      value: impact,
      source: "built-in",
    });
  });
});

describe("what becomes of the app's probes", () => {
  const aligning: DefaultsSupplier = {
    name: "standard",
    defaults: { application: { probes: "Align" } },
  };
  const keeping: DefaultsSupplier = {
    name: "young",
    defaults: { application: { probes: "Keep" } },
  };

  test("is what the policy says, else what the oldest cluster policy says, else nothing", () => {
    const own = layersOf({ application: { probes: "Keep" } }, [aligning]);
    expect(mergeProbes(own)).toStrictEqual({ value: "Keep", source: "policy" });
    expect(mergeProbes(layersOf({ application: {} }, [without, aligning, keeping]))).toStrictEqual({
      value: "Align",
      source: "ClusterHealthPolicy/standard",
    });
    expect(mergeProbes(layersOf({}, [without]))).toStrictEqual({
      value: "Keep",
      source: "built-in",
    });
  });
});

test("what becomes of running pods is what the policy says, else the oldest cluster policy, else nothing", () => {
  const restarting: DefaultsSupplier = { name: "standard", defaults: { rollout: "Restart" } };
  const manual: DefaultsSupplier = { name: "young", defaults: { rollout: "Manual" } };
  expect(mergeRollout(layersOf({ rollout: "Manual" }, [restarting]))).toStrictEqual({
    value: "Manual",
    source: "policy",
  });
  expect(mergeRollout(layersOf({}, [without, restarting, manual]))).toStrictEqual({
    value: "Restart",
    source: "ClusterHealthPolicy/standard",
  });
  expect(mergeRollout(layersOf({}, [without]))).toStrictEqual({
    value: "Manual",
    source: "built-in",
  });
});
