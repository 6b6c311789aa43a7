import { describe, expect, test } from "@jest/globals";
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { reportedStatus } from "./reported-status.ts";
import { policyStatus } from "./status.ts";
import { countsOf } from "./testing/counts-of.ts";
import { factsOf } from "./testing/status-facts.ts";

const failing = {
  name: "orders-db",
  failingPods: 2,
  reason: "ConnectionRefused" as const,
  since: "2026-01-02T03:04:05.000Z",
  examples: ["web-1", "web-2"],
};
const reports = {
  ...{ asked: 3, unknown: 1, wouldBeUnready: 2, dependencies: [failing] },
  sharedKnown: true,
};
const factsWith = (counts: object, more: object = {}) => ({
  ...factsOf({ counts: countsOf(counts), ...more }),
  policy: testPolicy(),
});

test("a dry run says how many would be unready, of how many, and for which dependency", () => {
  const status = policyStatus(factsWith({ reports }));
  expect(status.pods).toMatchObject({ matched: 3, wouldBeUnready: 2, asked: 3, unknown: 1 });
  expect(status.dependencies).toStrictEqual([failing]);
});

test("an enforced policy says it of its unready pods, and nothing while there are none", () => {
  const enforced = { ...reports, wouldBeUnready: undefined };
  expect(reportedStatus(factsWith({ reports: enforced }))).toStrictEqual({
    pods: { asked: 3, unknown: 1 },
    dependencies: [failing],
  });
  const nobody = { ...enforced, asked: 0, unknown: 0, dependencies: [] };
  expect(reportedStatus(factsWith({ reports: nobody }))).toStrictEqual({ pods: {} });
});

test("a dry run in which nothing fails says that, too", () => {
  const fine = { ...reports, unknown: 0, wouldBeUnready: 0, dependencies: [] };
  expect(reportedStatus(factsWith({ reports: fine }))).toStrictEqual({
    pods: { wouldBeUnready: 0, asked: 3, unknown: 0 },
  });
});

test("a field that no sidecar has said anything of is absent, as the API server would drop it", () => {
  const dependencies = [{ ...failing, since: undefined }];
  const status = policyStatus(factsWith({ reports: { ...reports, dependencies } }));
  expect(Object.keys(status.dependencies?.[0] ?? {})).not.toContain("since");
});

describe("while no sidecar has been asked", () => {
  const previous = policyStatus(factsWith({ reports }));

  test("what stands is left", () => {
    expect(reportedStatus(factsWith({}, { previous }))).toStrictEqual({
      pods: { wouldBeUnready: 2, asked: 3, unknown: 1 },
      dependencies: [failing],
    });
    const bare = policyStatus(factsOf());
    expect(reportedStatus(factsWith({}, { previous: bare }))).toStrictEqual({ pods: {} });
  });

  test("but not what was said of the policy as it was before an edit", () => {
    expect(reportedStatus(factsWith({}, { previous, generation: 4 }))).toStrictEqual({ pods: {} });
  });
});

describe("a fault that pods share stands", () => {
  const web = testPolicy({ maxUnready: { percent: 50 } });
  const orders = { ...failing, sharedPods: 2 };
  const leaves = { ...failing, name: "sessions" };
  const known = { ...reports, wouldBeUnready: undefined, dependencies: [orders, leaves] };
  const silence = { ...known, unknown: 3, dependencies: [], sharedKnown: false };
  const statusIn = (policy: EffectivePolicy, counts: object, more: object = {}) =>
    policyStatus(factsWith(counts, { resolution: { policy }, ...more }));
  const previous = statusIn(web, { reports: known });

  test("while nobody answers, who is counted as unknown; what pods leave for is no longer known", () => {
    const status = statusIn(web, { reports: silence }, { previous });
    expect(status.dependencies).toStrictEqual([orders]);
    expect(status.pods).toMatchObject({ asked: 3, unknown: 3 });
    expect(status.reason).toBe("SharedFault, orders-db: ConnectionRefused");
  });

  test("while the pods that have answered are others, with what those say", () => {
    const own = { ...failing, failingPods: 1, examples: ["web-9"] };
    const said = { ...silence, unknown: 0, dependencies: [own] };
    const status = statusIn(web, { reports: said }, { previous });
    expect(status.dependencies).toStrictEqual([{ ...own, sharedPods: 2 }]);
  });

  test("after an edit until a sidecar has answered", () => {
    const edited = statusIn(web, {}, { previous, generation: 4 });
    expect([edited.dependencies, edited.pods?.asked]).toStrictEqual([[orders], undefined]);
  });

  test.each([
    ["the pods that are ready say otherwise", web, { sharedKnown: true }],
    ["the limit was taken away", testPolicy(), silence],
    ["it has become a dry run", { ...web, mode: "DryRun" }, silence],
    ["the dependency was taken out", { ...web, dependencies: [] }, silence],
  ] as [string, EffectivePolicy, object][])("but not when %s", (_what, policy, said) => {
    const reports = { ...silence, ...said };
    expect(statusIn(policy, { reports }, { previous })).not.toHaveProperty("dependencies");
  });
});
