/** Loops of checks that say where they go. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { TIMING } from "../api/testing/timing.ts";
import { CheckError } from "./checks/check.ts";
import {
  config,
  createTestChecks,
  dependency,
  pass,
  type TestChecks,
  untilSignal,
} from "./testing/test-checks.ts";

let checks: TestChecks;

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  checks = createTestChecks();
});
afterEach(() => {
  checks.runner.stop();
  jest.useRealTimers();
});

const results = () => checks.results.map(([, result]) => result);

test("it stands in each result, whatever that is", async () => {
  checks.run = async (_, { onTarget }) => {
    onTarget?.("a");
    return {};
  };
  checks.runner.apply(config([dependency("x")]));
  await pass(0);
  checks.run = async (_, { onTarget }) => {
    onTarget?.("b");
    throw new CheckError("ConnectionRefused");
  };
  await pass(TIMING.intervalMilliseconds);
  checks.run = (own, context) => {
    context.onTarget?.("c");
    return untilSignal(own, context);
  };
  await pass(TIMING.intervalMilliseconds + TIMING.checkTimeoutMilliseconds);
  expect(results()).toMatchObject([
    { ok: true, target: "a" },
    { reason: "ConnectionRefused", target: "b" },
    { reason: "CheckTimeout", target: "c" },
  ]);
});

test("a check that cannot say it does not say where the one before went", async () => {
  checks.run = async (_, { onTarget }) => {
    onTarget?.("a");
    return {};
  };
  checks.runner.apply(config([dependency("x")]));
  await pass(0);
  checks.run = async () => {
    throw new CheckError("CredentialsMissing");
  };
  await pass(TIMING.intervalMilliseconds);
  expect(results()).toStrictEqual([
    { ok: true, tls: undefined, detail: undefined, target: "a" },
    { ok: false, reason: "CredentialsMissing", detail: undefined },
  ]);
});

test("results of a type that never says it have none", async () => {
  checks.runner.apply(config([dependency("x")]));
  await pass(0);
  expect(results()[0]).not.toHaveProperty("target");
});
