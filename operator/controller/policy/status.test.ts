/** The status that follows from what is known about a policy. */
import { describe, expect, test } from "@jest/globals";
import { MAX_MESSAGE_LENGTH } from "../../api/limits.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { NO_PODS } from "./pod-counts.ts";
import { wasProgrammed } from "./read-status.ts";
import { policyStatus } from "./status.ts";
import { countsOf } from "./testing/counts-of.ts";
import { factsOf, message, short } from "./testing/status-facts.ts";

test("a policy whose pods are what it waits for can never work", () => {
  const service = { namespace: "shop", name: "db", selector: { app: "db" }, headless: false };
  const counts = countsOf({ optedOut: 1, circle: { dependency: "orders-db", service } });
  const status = policyStatus(factsOf({ counts }));
  expect(short(status)).toMatchObject({
    Accepted: "False CircularDependency",
    Programmed: "True Programmed",
    Ready: "False CircularDependency",
    Stalled: "True CircularDependency",
  });
  expect(message(status, "Accepted")).toBe(
    "The selector matches pods behind Service db, the host of dependency orders-db. So that none waits for itself they get no sidecar, or within two minutes the one that they have does not wait for it. Leave them out of the selector.",
  );
});

test("a policy in a dry run is ready and says so, with pods or without", () => {
  const resolution = { policy: testPolicy({ mode: "DryRun" }) };
  const status = policyStatus(factsOf({ resolution }));
  expect(short(status)).toMatchObject({ Ready: "True DryRun", Stalled: "False Progressing" });
  expect(message(status, "Ready")).toBe(
    "In force as a dry run: no pod is made unready, sidecars report.",
  );
  expect(short(policyStatus(factsOf({ resolution, counts: NO_PODS }))).Ready).toBe("True NoPods");
});

test("the whole status of a policy that is in force", () => {
  const common = { observedGeneration: 3, lastTransitionTime: "2026-02-03T04:05:06Z" };
  expect(policyStatus(factsOf({ counts: countsOf({ unready: 1, optedOut: 2 }) }))).toStrictEqual({
    observedGeneration: 3,
    reason: "Ready",
    conditions: [
      {
        type: "Accepted",
        status: "True",
        reason: "Accepted",
        message: "The policy is valid.",
        ...common,
      },
      {
        type: "Programmed",
        status: "True",
        reason: "Programmed",
        message: "A pod created now gets the sidecar.",
        ...common,
      },
      {
        type: "PodsCurrent",
        status: "True",
        reason: "PodsCurrent",
        message: "Every matching pod runs the sidecar as the policy asks for.",
        ...common,
      },
      { type: "Ready", status: "True", reason: "Ready", message: "In force.", ...common },
      {
        type: "Stalled",
        status: "False",
        reason: "Progressing",
        message: "Nothing stands in the way.",
        ...common,
      },
    ],
    effective: {
      mode: "Enforce",
      timing: {
        connectTimeout: { value: "3s", source: "built-in" },
        checkTimeout: { value: "4s", source: "built-in" },
        interval: { value: "5s", source: "built-in" },
        failureThreshold: { value: 2, source: "built-in" },
        successThreshold: { value: 1, source: "built-in" },
      },
      probe: {
        periodSeconds: { value: 2, source: "built-in" },
        timeoutSeconds: { value: 5, source: "built-in" },
      },
      impact: [{ name: "orders-db", impact: "Gate", source: "built-in" }],
      application: { probes: { value: "Keep", source: "built-in" } },
      rollout: { value: "Manual", source: "built-in" },
      fleet: { maxUnready: { value: "100%", source: "built-in" } },
    },
    bounds: { unreadyWithin: "16s", readyWithin: "11s" },
    pods: { matched: 3, injected: 3, outdated: 0, unready: 1, optedOut: 2, summary: "3/3" },
    dependenciesSummary: "orders-db",
  });
});

test("the status tells what became of the app's own probes", () => {
  const resolution = { policy: testPolicy({ application: { probes: "Align" } }) };
  const probes = { probesRaised: 2, probesLeftAlone: 0, raised: ["app/readinessProbe..."] };
  const status = policyStatus(factsOf({ resolution, counts: countsOf({ probes }) }));
  expect(status.application).toStrictEqual(probes);
  expect(status.effective?.application?.probes?.value).toBe("Align");
});

describe("conditions", () => {
  test("on the way: not ready yet, and nothing stands in the way", () => {
    const status = policyStatus(factsOf({ programmed: { state: "waiting", message: "Wait." } }));
    expect(short(status)).toEqual({
      Accepted: "True Accepted",
      Programmed: "False Reconciling",
      PodsCurrent: "True PodsCurrent",
      Ready: "False Reconciling",
      Stalled: "False Progressing",
    });
    expect(message(status, "Ready")).toBe("Wait.");
  });

  test("webhook unreachable: not ready, with what to look at, and waiting may mend it", () => {
    const sentence = "Look at the firewall.";
    const status = policyStatus(
      factsOf({ programmed: { state: "unreachable", message: sentence } }),
    );
    expect(short(status)).toEqual({
      Accepted: "True Accepted",
      Programmed: "False WebhookUnreachable",
      PodsCurrent: "True PodsCurrent",
      Ready: "False WebhookUnreachable",
      Stalled: "False Progressing",
    });
    expect(message(status, "Programmed")).toBe(sentence);
    expect(wasProgrammed(status, 3)).toBe(false);
  });

  test("webhook not to be proven: on the way", () => {
    const status = policyStatus(factsOf({ programmed: { state: "unproven", message: "Why." } }));
    expect(short(status)).toMatchObject({ Programmed: "False Reconciling" });
    expect(message(status, "Programmed")).toBe("Why.");
  });

  test("invalid: it can never work, and shows nothing as in force", () => {
    const sentence = "timing: checkTimeout (9s) must be less than probe.timeoutSeconds (5)";
    const status = policyStatus(factsOf({ resolution: { invalid: sentence, between: [] } }));
    expect(short(status)).toEqual({
      Accepted: "False Invalid",
      Programmed: "False Invalid",
      PodsCurrent: "Unknown Invalid",
      Ready: "False Invalid",
      Stalled: "True Invalid",
    });
    expect(message(status, "Accepted")).toBe(sentence);
    expect(status.effective).toBeUndefined();
  });

  test("invalid, with something in force still: it shows that, and its pods", () => {
    const resolution = { invalid: "No.", between: [], lastGood: testPolicy() };
    const status = policyStatus(factsOf({ resolution }));
    expect(short(status)).toEqual({
      Accepted: "False Invalid",
      Programmed: "False Invalid",
      PodsCurrent: "True PodsCurrent",
      Ready: "False Invalid",
      Stalled: "True Invalid",
    });
    expect(message(status, "Programmed")).toBe(
      "The policy as it was before stays in force; pods created now follow that, too.",
    );
    const { conditions: _, ...shown } = policyStatus(factsOf());
    expect(status).toMatchObject({ ...shown, reason: "Invalid" });
  });

  test("invalid, and its ConfigMap is somebody else's: no pod may follow that", () => {
    const resolution = { invalid: "No.", between: [], lastGood: testPolicy() };
    const programmed = { state: "blocked" as const, message: "Not ours." };
    const status = policyStatus(factsOf({ resolution, programmed }));
    expect(short(status)).toMatchObject({
      Accepted: "False Invalid",
      Programmed: "False ConfigMapNotOurs",
    });
  });

  test("a message is cut at its bound, and the longest command is not", () => {
    const names = ["a", "b", "c", "d", "e", "f"].map((name) => `statefulset/${name.repeat(253)}`);
    const counts = countsOf({ injected: 0, predating: names });
    const namespace = "n".repeat(63);
    const text = message(policyStatus(factsOf({ counts, namespace })), "PodsCurrent");
    expect(text).toContain(`-n ${namespace} (and 1 more workloads)`);
    const longest = { state: "waiting" as const, message: "m".repeat(MAX_MESSAGE_LENGTH) };
    expect(message(policyStatus(factsOf({ programmed: longest })), "Programmed")).toBe(
      longest.message,
    );
    const long = { state: "waiting" as const, message: "m".repeat(MAX_MESSAGE_LENGTH + 1) };
    const waiting = message(policyStatus(factsOf({ programmed: long })), "Programmed");
    expect(waiting).toHaveLength(MAX_MESSAGE_LENGTH);
    expect(waiting?.endsWith("…")).toBe(true);
  });

  test("some pods belong to an older policy", () => {
    const status = policyStatus(factsOf({ counts: countsOf({ claimed: 2, claimedBy: "old" }) }));
    expect(short(status)).toMatchObject({
      Programmed: "False PartiallyProgrammed",
      Ready: "True PartiallyProgrammed",
      Stalled: "False Progressing",
    });
    expect(message(status, "Programmed")).toBe(
      "2 of 5 matching pods belong to the older HealthPolicy old.",
    );
    expect(message(status, "Ready")).toBe(
      "In force for the others: 2 of 5 matching pods belong to the older HealthPolicy old.",
    );
  });

  test("all pods belong to an older policy: it can never work", () => {
    const counts = countsOf({ matched: 0, injected: 0, claimed: 2, claimedBy: "old" });
    expect(short(policyStatus(factsOf({ counts })))).toMatchObject({
      Programmed: "False Conflicted",
      Stalled: "True Conflicted",
    });
  });

  test("an older policy selects whatever this one could: it can never work, pods or not", () => {
    const counts = countsOf({ matched: 0, injected: 0, coveredBy: "old", claimedBy: "older" });
    const status = policyStatus(factsOf({ counts }));
    expect(short(status)).toMatchObject({
      Programmed: "False Conflicted",
      Ready: "False Conflicted",
      Stalled: "True Conflicted",
    });
    expect(message(status, "Programmed")).toContain("the older HealthPolicy old.");
  });

  test("a foreign ConfigMap holds it back until it is gone", () => {
    const status = policyStatus(
      factsOf({ programmed: { state: "blocked", message: "Not ours." } }),
    );
    expect(short(status)).toMatchObject({
      Programmed: "False ConfigMapNotOurs",
      Ready: "False ConfigMapNotOurs",
      Stalled: "False Progressing",
    });
  });

  test.each([
    [false, "ConfigMapRefused", "No. New pods get no sidecar until then. Look at quotas"],
    [true, "ConfigMapOutdated", "No. Pods go on with what it said before. Look at quotas"],
  ])("a ConfigMap that is refused, one from before: %s", (stands, reason, sentence) => {
    const programmed = { state: "refused", stands, message: "No." } as const;
    const status = policyStatus(factsOf({ programmed }));
    expect(short(status)).toMatchObject({
      Programmed: `False ${reason}`,
      Ready: `False ${reason}`,
      Stalled: "False Progressing",
    });
    expect(message(status, "Programmed")).toContain(sentence);
  });

  test("an excluded namespace", () => {
    const status = policyStatus(factsOf({ programmed: { state: "excluded", message: "Never." } }));
    expect(short(status)).toMatchObject({
      Programmed: "False NamespaceExcluded",
      Stalled: "True NamespaceExcluded",
    });
  });
});

describe("times", () => {
  const previous = policyStatus(factsOf({ programmed: { state: "waiting", message: "Wait." } }));
  const later = new Date("2027-01-01T00:00:00Z");

  test("equal facts give an equal status, whenever", () => {
    const again = factsOf({
      programmed: { state: "waiting", message: "Wait." },
      previous,
      now: later,
    });
    expect(policyStatus(again)).toStrictEqual(previous);
  });

  test("a status without conditions, as of a policy that nobody has looked at yet, has no times", () => {
    const empty = policyStatus(factsOf({ previous: { observedGeneration: -1 } }));
    expect(empty).toStrictEqual(policyStatus(factsOf()));
  });

  test("a condition keeps its time until its status changes", () => {
    const status = policyStatus(factsOf({ generation: 4, previous, now: later }));
    const times = Object.fromEntries(
      status.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]) ?? [],
    );
    expect(times).toEqual({
      Accepted: "2026-02-03T04:05:06Z",
      Programmed: "2027-01-01T00:00:00Z",
      PodsCurrent: "2026-02-03T04:05:06Z",
      Ready: "2027-01-01T00:00:00Z",
      Stalled: "2026-02-03T04:05:06Z",
    });
    expect(status.conditions?.every(({ observedGeneration }) => observedGeneration === 4)).toBe(
      true,
    );
  });
});
