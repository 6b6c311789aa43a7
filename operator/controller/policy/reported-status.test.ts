import { describe, expect, test } from "@jest/globals";
import { reportedStatus } from "./reported-status.ts";
import { policyStatus } from "./status.ts";
import { countsOf } from "./testing/records.ts";
import { factsOf } from "./testing/status-facts.ts";

const failing = {
  name: "orders-db",
  failingPods: 2,
  reason: "ConnectionRefused" as const,
  since: "2026-01-02T03:04:05.000Z",
  examples: ["web-1", "web-2"],
};
const reports = { asked: 3, unknown: 1, wouldBeUnready: 2, dependencies: [failing] };
const factsWith = (counts: object, more: object = {}) =>
  factsOf({ counts: countsOf(counts), ...more });

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
  const nobody = { asked: 0, unknown: 0, wouldBeUnready: undefined, dependencies: [] };
  expect(reportedStatus(factsWith({ reports: nobody }))).toStrictEqual({ pods: {} });
});

test("a dry run in which nothing fails says that, too", () => {
  const fine = { asked: 3, unknown: 0, wouldBeUnready: 0, dependencies: [] };
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
