import { expect, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import { ApiError } from "../kube/api-error.ts";
import { NOT_PROVEN_YET, UNANSWERED } from "../webhook-configuration/webhook-proof.ts";
import {
  configMapToWrite,
  needsReplicas,
  type PolicyFacts,
  policyPlan,
  type ReplicaFacts,
} from "./policy-plan.ts";
import { countsOf } from "./testing/counts-of.ts";

const QUOTA = new ApiError("writing", { code: 403, body: "{}" });
const REPLICAS: ReplicaFacts = { known: true, ready: 2, without: [] };

/** What is read about a new policy when all is as it should be. */
function facts(overrides: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    namespace: "shop",
    generation: 3,
    resolution: { policy: testPolicy() },
    excluded: false,
    optedOut: false,
    configMap: { state: "current", dueMilliseconds: 400_000 },
    webhookReach: { state: "reachable" },
    keepsDelivered: false,
    whyStopped: undefined,
    whyUnproven: undefined,
    listedForMilliseconds: 5_000,
    counts: countsOf(),
    previous: undefined,
    waitedMilliseconds: 0,
    now: new Date("2026-02-03T04:05:06Z"),
    ...overrides,
  };
}

/** `status reason` of Programmed, and when to look again. */
function planned(overrides: Partial<PolicyFacts> = {}, replicas = REPLICAS): unknown[] {
  const { status, againMilliseconds } = policyPlan(facts(overrides), replicas);
  const found = status?.conditions?.find(({ type }) => type === "Programmed");
  return [`${found?.status} ${found?.reason}`, againMilliseconds];
}

const invalid = { resolution: { invalid: "timing: no", between: [] }, configMap: undefined };
const lastGood = { resolution: { invalid: "timing: no", between: [], lastGood: testPolicy() } };
const foreign = { configMap: { state: "blocked" as const, message: "Not ours." } };
const refused = (stands: boolean | undefined) => ({
  configMap: { state: "refused", message: "No.", stands, error: QUOTA } as const,
});
const leftover = { configMap: { state: "waiting" as const, message: "Not collected yet." } };
const firewall = `${UNANSWERED} Firewall.`;
const unreachable = { webhookReach: { state: "unreachable" as const, message: firewall } };
const untried = { webhookReach: NOT_PROVEN_YET.reach };
const notPulled = { whyStopped: "Nobody has it." };
const unknown = { webhookReach: { state: "unknown" as const, message: "Not tried yet." } };
const previous = policyPlan(facts(), REPLICAS).status;
const wasUnreachable = { previous: policyPlan(facts(unreachable), REPLICAS).status };

test.each<[string, Partial<PolicyFacts>, unknown[]]>([
  ["all is as it should be", {}, ["True Programmed", 400_000]],
  ["without a ConfigMap", { configMap: undefined }, ["True Programmed", 600_000]],
  [
    "whose ConfigMap has just been given back",
    { previous: policyPlan(facts(foreign), REPLICAS).status },
    ["False Reconciling", 300],
  ],
  ["not proven", unknown, ["False Reconciling", 400_000]],
  ["listed just long enough", { listedForMilliseconds: 1_000 }, ["True Programmed", 400_000]],
  ["invalid", invalid, ["False Invalid", 600_000]],
  ["invalid, with something in force", lastGood, ["False Invalid", 400_000]],
  [
    "invalid, with a foreign ConfigMap",
    { ...lastGood, ...foreign },
    ["False ConfigMapNotOurs", 5_000],
  ],
  ["of an excluded namespace", { excluded: true }, ["False NamespaceExcluded", 400_000]],
  ["opted out", { optedOut: true }, ["False NamespaceExcluded", 400_000]],
  ["with a foreign ConfigMap", foreign, ["False ConfigMapNotOurs", 5_000]],
  ["foreign and opted out", { ...foreign, optedOut: true }, ["False ConfigMapNotOurs", 5_000]],
  ["with a ConfigMap that is refused", refused(false), ["False ConfigMapRefused", 600_000]],
  ["with an edit that is refused", refused(true), ["False ConfigMapOutdated", 600_000]],
  ["refused, and nobody saw what stands", refused(undefined), ["False ConfigMapRefused", 600_000]],
  [
    "the same, programmed before",
    { ...refused(undefined), previous },
    ["False ConfigMapOutdated", 600_000],
  ],
  ["with a ConfigMap to be collected", leftover, ["False Reconciling", 300]],
  ["unreachable", unreachable, ["False WebhookUnreachable", 400_000]],
  ["whose image nodes cannot pull", notPulled, ["False ImageNotPulled", 400_000]],
  ["the same, unreachable", { ...notPulled, ...unreachable }, ["False ImageNotPulled", 400_000]],
  ["the same, opted out", { ...notPulled, optedOut: true }, ["False ImageNotPulled", 400_000]],
  ["the same, excluded", { ...notPulled, excluded: true }, ["False NamespaceExcluded", 400_000]],
  [
    "the same, with an edit that is refused",
    { ...notPulled, ...refused(true) },
    ["False ImageNotPulled", 600_000],
  ],
  ["the same, refused", { ...notPulled, ...refused(false) }, ["False ConfigMapRefused", 600_000]],
  ["the same, foreign", { ...notPulled, ...foreign }, ["False ConfigMapNotOurs", 5_000]],
  ["the same, invalid", { ...notPulled, ...invalid }, ["False Invalid", 600_000]],
  [
    "the same, invalid, with something in force",
    { ...notPulled, ...lastGood },
    ["False ImageNotPulled", 400_000],
  ],
  [
    "whose image could not be pulled before",
    { previous: policyPlan(facts(notPulled), REPLICAS).status },
    ["False Reconciling", 300],
  ],
  ["listed for too short a time", { listedForMilliseconds: 900 }, ["False Reconciling", 300]],
  ["not listed", { listedForMilliseconds: undefined }, ["False Reconciling", 300]],
  [
    "not listed, but programmed before",
    { listedForMilliseconds: undefined, previous },
    ["True Programmed", 400_000],
  ],
  ["not proven, but programmed before", { ...unknown, previous }, ["True Programmed", 400_000]],
  ["not tried yet", untried, ["False Reconciling", 400_000]],
  [
    "not tried yet, unreachable before",
    { ...untried, ...wasUnreachable },
    ["False WebhookUnreachable", 400_000],
  ],
  [
    "tried in vain, unreachable before",
    { ...unknown, ...wasUnreachable },
    ["False Reconciling", 400_000],
  ],
  [
    "unreachable, but programmed before",
    { ...unreachable, previous },
    ["False WebhookUnreachable", 400_000],
  ],
  [
    "programmed before the edit",
    { listedForMilliseconds: undefined, previous, generation: 4 },
    ["False Reconciling", 300],
  ],
])("a policy, %s: no replica is asked without need", (_what, given, expected) => {
  expect(planned(given)).toEqual(expected);
  expect(needsReplicas(facts(given))).toBe(expected[0] === "True Programmed" && !given.previous);
});

test.each([
  [0, 300],
  [1_200, 300],
  [4_000, 1_000],
  [40_000, 10_000],
  [3_600_000, 10_000],
])("one that has waited for %d ms is looked at again after %d ms", (waitedMilliseconds, again) => {
  for (const waits of [leftover, { listedForMilliseconds: undefined }]) {
    expect(planned({ ...waits, waitedMilliseconds })).toEqual(["False Reconciling", again]);
  }
  expect(planned({ ...foreign, waitedMilliseconds })).toEqual(["False ConfigMapNotOurs", 5_000]);
});

test("what is waited for is told from what is so", () => {
  expect(policyPlan(facts(leftover), REPLICAS)).toHaveProperty("waits", true);
  expect(policyPlan(facts(), { ...REPLICAS, without: ["b"] })).toHaveProperty("waits", true);
  expect(policyPlan(facts(), REPLICAS)).toHaveProperty("waits", false);
  expect(policyPlan(facts(foreign), REPLICAS)).toHaveProperty("waits", false);
  expect(policyPlan(facts(lastGood), REPLICAS)).toHaveProperty("waits", false);
});

test("a configuration that is not written is not said to be on its way", () => {
  const why = "the API server answered 403 Forbidden";
  const given = { listedForMilliseconds: undefined, webhookUnwritten: why };
  const { status } = policyPlan(facts(given), REPLICAS);
  expect(status?.conditions).toContainEqual(
    expect.objectContaining({
      type: "Programmed",
      message: `The webhook configuration could not be written: ${why}.`,
    }),
  );
});

const NEVER = "Do not restart them";
const LATER = "Restart them once Programmed is True: kubectl";
const NOW = "Restart them: kubectl";
const unwritten = { listedForMilliseconds: undefined, webhookUnwritten: "403" };

test.each<[string, Partial<PolicyFacts>, string]>([
  ["is opted out", { optedOut: true }, NEVER],
  ["is opted out, and it is invalid", { ...lastGood, optedOut: true }, NEVER],
  ["is opted out, and nodes cannot pull the image", { ...notPulled, optedOut: true }, NEVER],
  ["is opted out, and its ConfigMap is foreign", { ...foreign, optedOut: true }, NEVER],
  ["is opted out, and an edit is refused", { ...refused(true), optedOut: true }, NEVER],
  ["is not reached", unreachable, LATER],
  ["is not reached, and it is invalid", { ...lastGood, ...unreachable }, LATER],
  ["is not reached, and an edit is refused", { ...refused(true), ...unreachable }, LATER],
  ["was not reached by the last leader", { ...untried, ...wasUnreachable }, LATER],
  ["is not proven to be reached, and it is invalid", { ...lastGood, ...unknown }, LATER],
  ["is in no configuration", unwritten, LATER],
  ["has just come into one", { ...unwritten, listedForMilliseconds: 900 }, NOW],
  ["is in no configuration, and it is invalid", { ...lastGood, ...unwritten }, LATER],
  ["is not yet in one, and it is invalid", { ...lastGood, listedForMilliseconds: undefined }, NOW],
  ["is reached, and it is invalid", lastGood, NOW],
  ["was proven to be reached", { ...unknown, previous }, NOW],
])("a restart of outdated pods, where their namespace %s", (_what, given, advice) => {
  const counts = countsOf({ outdated: 3, outdatedWorkloads: ["deployment/web"] });
  const { status } = policyPlan(facts({ ...given, counts }), REPLICAS);
  const current = status?.conditions?.find(({ type }) => type === "PodsCurrent");
  expect(current?.message).toContain(advice);
});

test.each<[string, ReplicaFacts, string]>([
  ["not known yet", { ...REPLICAS, known: false, ready: 0 }, "are being looked for"],
  ["not ready", { ...REPLICAS, ready: 0 }, "No replica of the operator is ready"],
  ["behind", { ...REPLICAS, without: ["b", "c"] }, "to know the policy: b, c."],
])("replicas that are %s: it waits and says so", (_what, replicas, sentence) => {
  expect(planned({}, replicas)).toEqual(["False Reconciling", 300]);
  const { status } = policyPlan(facts(), replicas);
  const message = status?.conditions?.find(({ type }) => type === "Programmed")?.message;
  expect(message).toContain(sentence);
});

test.each([
  ["an excluded one", { excluded: true }, "Pods of namespace shop are never injected."],
  ["one that is opted out", { optedOut: true }, 'has the label healthpolicy.dev/inject: "false".'],
  ["one that is not proven", unknown, "Not tried yet."],
])("the message for %s", (_what, given, sentence) => {
  const { status } = policyPlan(facts(given), REPLICAS);
  const message = status?.conditions?.find(({ type }) => type === "Programmed")?.message;
  expect(message).toContain(sentence);
});

test.each<[string, Partial<PolicyFacts>, string]>([
  ["is programmed", {}, "Not shown. A pod created now gets the sidecar."],
  ["is not proven", unknown, "Not shown. Not tried yet."],
  ["is unreachable", unreachable, `Not shown. ${firewall}`],
  ["is never injected", { excluded: true }, "Pods of namespace shop are never injected."],
])(
  "that nothing has shown the image again is said first by a policy that %s",
  (_what, given, sentence) => {
    const { status } = policyPlan(facts({ ...given, whyUnproven: "Not shown." }), REPLICAS);
    const message = status?.conditions?.find(({ type }) => type === "Programmed")?.message;
    expect(message).toBe(sentence);
  },
);

test.each([
  ["goes on", "Not shown.", `Not shown. ${firewall}`],
  ["is over", undefined, firewall],
])(
  "what a new leader repeats has what is said of the image once while that %s",
  (_what, whyUnproven, sentence) => {
    const before = policyPlan(
      facts({ ...unreachable, whyUnproven: "Not shown." }),
      REPLICAS,
    ).status;
    const { status } = policyPlan(facts({ ...untried, whyUnproven, previous: before }), REPLICAS);
    const message = status?.conditions?.find(({ type }) => type === "Programmed")?.message;
    expect(message).toBe(sentence);
  },
);

test("a ConfigMap is written when it is due, over the object that was found, and only then", () => {
  expect(configMapToWrite(facts())).toBeUndefined();
  const due = facts({ configMap: { state: "due", uid: "u", version: undefined, stands: true } });
  expect(configMapToWrite(due)).toEqual(due.configMap);
  expect(configMapToWrite(facts(foreign))).toBeUndefined();
  // What it holds is what is in force while the policy is invalid.
  expect(configMapToWrite({ ...due, ...lastGood })).toBeUndefined();
  const kept = { ...due, ...lastGood, keepsDelivered: true };
  expect(configMapToWrite(kept)).toEqual(due.configMap);
  const gone = { state: "due" as const, uid: undefined, version: undefined, stands: false };
  expect(configMapToWrite(facts({ ...lastGood, configMap: gone }))).toEqual(gone);
  expect(configMapToWrite(facts({ configMap: gone, optedOut: true }))).toEqual(gone);
});

test("without counts there is no status, but the ConfigMap all the same", () => {
  const uncounted = facts({
    counts: undefined,
    configMap: { state: "due", uid: undefined, version: undefined, stands: false },
  });
  expect(policyPlan(uncounted, REPLICAS)).not.toHaveProperty("status");
  expect(configMapToWrite(uncounted)).toEqual(uncounted.configMap);
});
