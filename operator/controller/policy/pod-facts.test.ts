import { expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { podFacts } from "./pod-facts.ts";

const DATABASE = {
  namespace: "shop",
  name: "orders-db",
  selector: { app: "web" },
  headless: false,
};
const policy = testPolicy();
const { sidecar, ...bare } = podOf({ name: "web-2", ip: "10.0.0.2" });
const unready = { policy: "web", revision: sidecar?.revision ?? "", ready: false, port: 19_847 };
const all = [{ ...bare, name: "web-1", sidecar: unready }, bare];
const read = { all, claims: claimsOf([policy]), outcomeOf: () => undefined };
const open = { service: () => undefined, whyExcluded: undefined };

test("while no sidecar has been asked that is to be, nothing is known of what they say", () => {
  const facts = podFacts(policy, read, open);
  expect(facts.toAsk).toStrictEqual([all[0]]);
  expect(facts.counts).toMatchObject({ matched: 2, injected: 1, unready: 1 });
  expect(facts.counts.reports).toBeUndefined();
});

test("once one has, and where none is to be asked, it is", () => {
  const silent = podFacts(policy, { ...read, outcomeOf: () => ({ answer: undefined }) }, open);
  expect(silent.counts.reports).toMatchObject({ asked: 1, unknown: 1 });
  const none = podFacts(policy, { ...read, all: [bare] }, open);
  expect(none.counts.reports).toMatchObject({ asked: 0, unknown: 0 });
});

test("pods that the policy cannot have are skipped, but for those that have its sidecar: they gate, and are asked", () => {
  const facts = podFacts(policy, read, { ...open, service: () => DATABASE });
  expect(facts.pods.map(({ skipped }) => skipped?.reason)).toStrictEqual([
    undefined,
    "CircularDependency",
  ]);
  const circle = { service: DATABASE };
  expect(facts.counts).toMatchObject({ matched: 1, injected: 1, unready: 1, optedOut: 1, circle });
  expect(facts.toAsk).toStrictEqual([all[0]]);
});

test("pods of an excluded namespace count as skipped, and are not taken for skipped by the policy", () => {
  const facts = podFacts(policy, read, { ...open, whyExcluded: "It is excluded." });
  expect(facts.counts).toMatchObject({ matched: 1, injected: 1, optedOut: 1 });
  expect(facts.pods).toStrictEqual(all);
});
