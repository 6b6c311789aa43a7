/** Which floors a policy and standards come to. */
import { describe, expect, test } from "@jest/globals";
import type { Standards } from "../api/standards/rule.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { alignFloors, alignsProbes, standardsFloors } from "./probe-floors.ts";

const NO_CEILING = Number.POSITIVE_INFINITY;

describe("a policy", () => {
  test.each([
    ["Keep", "Enforce", false],
    ["Align", "Enforce", true],
    ["Align", "DryRun", false],
  ] as const)("with probes: %s and mode: %s changes them: %s", (probes, mode, expected) => {
    expect(alignsProbes(testPolicy({ mode, application: { probes } }))).toBe(expected);
  });

  test("asks for the timeout of its own probe, as timeout and as period", () => {
    const floor = {
      timeoutSeconds: 7,
      execTimeoutSeconds: 7,
      periodSeconds: 7,
      periodHoldsTimeout: false,
      periodHoldsRaise: false,
      maxPeriodSeconds: NO_CEILING,
    };
    const policy = testPolicy({ probe: { periodSeconds: 2, timeoutSeconds: 7 } });
    expect(alignFloors(policy, [])).toStrictEqual({ readinessProbe: floor, livenessProbe: floor });
  });

  describe("under standards", () => {
    const floors = (...standards: (Standards | undefined)[]) =>
      alignFloors(testPolicy({ probe: { periodSeconds: 2, timeoutSeconds: 5 } }), standards);

    test.each(["Audit", "Warn", "Deny", "Apply"] as const)(
      "with enforcement %s raises no period above theirs",
      (enforcement) => {
        const readinessProbe = { maxPeriodSeconds: 3 };
        expect(floors({ enforcement, readinessProbe })).toMatchObject({
          readinessProbe: { timeoutSeconds: 5, periodSeconds: 5, maxPeriodSeconds: 3 },
          livenessProbe: { maxPeriodSeconds: NO_CEILING },
        });
      },
    );

    test("of several objects keeps to the least ceiling", () => {
      const deny = (maxPeriodSeconds: number): Standards => ({
        enforcement: "Deny",
        livenessProbe: { maxPeriodSeconds },
      });
      expect(floors(deny(4), undefined, deny(3), deny(9)).livenessProbe.maxPeriodSeconds).toBe(3);
    });

    test("raises no timeout above a ceiling that the timeout must not pass either", () => {
      const readinessProbe = { maxPeriodSeconds: 3, timeoutWithinPeriod: true };
      expect(floors({ enforcement: "Deny", readinessProbe }).readinessProbe).toMatchObject({
        timeoutSeconds: 3,
        execTimeoutSeconds: 3,
        periodHoldsTimeout: false,
      });
    });

    test("takes no floor from them", () => {
      const readinessProbe = { minTimeoutSeconds: 20, minExecTimeoutSeconds: 20 };
      expect(floors({ enforcement: "Deny", readinessProbe })).toStrictEqual(floors());
    });
  });
});

describe("standards", () => {
  const apply = (fields: Partial<Standards>): Standards => ({ enforcement: "Apply", ...fields });

  test.each(["Audit", "Warn", "Deny"] as const)(
    "with enforcement %s raise nothing",
    (enforcement) => {
      const readinessProbe = { minTimeoutSeconds: 5 };
      expect(standardsFloors([{ enforcement, readinessProbe }, undefined])).toBeUndefined();
    },
  );

  test("that ask for nothing raise nothing", () => {
    const floor = {
      timeoutSeconds: 0,
      execTimeoutSeconds: 0,
      periodSeconds: 0,
      periodHoldsTimeout: false,
      periodHoldsRaise: false,
      maxPeriodSeconds: NO_CEILING,
    };
    expect(standardsFloors([apply({ readinessProbe: {} })])).toStrictEqual({
      readinessProbe: floor,
      livenessProbe: floor,
    });
  });

  test("of one object count for the probe that they speak of", () => {
    const livenessProbe = {
      minTimeoutSeconds: 3,
      minExecTimeoutSeconds: 9,
      timeoutWithinPeriod: true,
      maxPeriodSeconds: 30,
    };
    expect(standardsFloors([apply({ livenessProbe })])).toMatchObject({
      readinessProbe: { timeoutSeconds: 0, periodHoldsTimeout: false },
      livenessProbe: {
        timeoutSeconds: 3,
        execTimeoutSeconds: 9,
        periodSeconds: 0,
        periodHoldsTimeout: true,
        maxPeriodSeconds: 30,
      },
    });
  });

  test("ask of a probe that runs a command what they ask of every probe", () => {
    const readinessProbe = { minTimeoutSeconds: 5, minExecTimeoutSeconds: 2 };
    expect(standardsFloors([apply({ readinessProbe })])).toMatchObject({
      readinessProbe: { execTimeoutSeconds: 5 },
    });
  });

  test("of several objects are met all together", () => {
    const first = apply({
      readinessProbe: { minTimeoutSeconds: 2, minExecTimeoutSeconds: 9, maxPeriodSeconds: 60 },
    });
    const second = apply({
      readinessProbe: { minTimeoutSeconds: 4, timeoutWithinPeriod: true, maxPeriodSeconds: 30 },
    });
    const ignored: Standards = { enforcement: "Warn", readinessProbe: { minTimeoutSeconds: 50 } };
    expect(standardsFloors([first, ignored, second])?.readinessProbe).toStrictEqual({
      timeoutSeconds: 4,
      execTimeoutSeconds: 9,
      periodSeconds: 0,
      periodHoldsTimeout: true,
      periodHoldsRaise: true,
      maxPeriodSeconds: 30,
    });
  });

  describe.each(["Audit", "Warn", "Deny"] as const)("beside some with enforcement %s", (other) => {
    const floors = (readinessProbe: Standards["readinessProbe"]) =>
      standardsFloors([
        apply({ readinessProbe: { minTimeoutSeconds: 15, minExecTimeoutSeconds: 20 } }),
        { enforcement: other, readinessProbe },
      ])?.readinessProbe;

    test("let the period follow a timeout that they raise, and no other", () => {
      expect(floors({ timeoutWithinPeriod: true })).toMatchObject({
        timeoutSeconds: 15,
        periodHoldsTimeout: false,
        periodHoldsRaise: true,
      });
    });

    test("raise no period above its ceiling", () => {
      expect(floors({ maxPeriodSeconds: 10 })).toMatchObject({
        timeoutSeconds: 15,
        periodHoldsRaise: false,
        maxPeriodSeconds: 10,
      });
    });

    test("raise no timeout above a ceiling that the timeout must not pass either", () => {
      expect(floors({ maxPeriodSeconds: 10, timeoutWithinPeriod: true })).toMatchObject({
        timeoutSeconds: 10,
        execTimeoutSeconds: 10,
        maxPeriodSeconds: 10,
      });
    });
  });
});
