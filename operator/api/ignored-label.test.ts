/** In a CEL library; test/e2e/warnings.test.ts asks the API server. */
import { describe, expect, test } from "@jest/globals";
import { ignoredLabelSpec } from "./ignored-label.ts";
import { judge } from "./testing/judge.ts";

const LABEL = "healthpolicy.dev/inject";
const LEFT_OUT = "value-means-nothing";

const KINDS: [string, string, (labels?: object) => object][] = [
  [
    "namespaces",
    "namespace",
    (labels) => ({ metadata: { name: "shop", ...(labels && { labels }) } }),
  ],
  ...["deployments", "statefulsets", "daemonsets"].map(
    (resource): [string, string, (labels?: object) => object] => [
      resource,
      "pods",
      (labels) => ({
        metadata: { name: "web", labels: { [LABEL]: "of the workload itself" } },
        spec: { template: { ...(labels && { metadata: { labels } }), spec: {} } },
      }),
    ],
  ),
];

describe.each(KINDS)("the label in %s", (resource, what, objectWith) => {
  const warnings = (labels?: object) =>
    judge(ignoredLabelSpec(), {
      request: { operation: "CREATE", resource: { resource } },
      object: objectWith(labels),
      oldObject: null,
    });

  test.each(["yes", "TRUE", "False", ""])('with the value "%s" is warned of', (value) => {
    expect(warnings({ app: "web", [LABEL]: value })).toStrictEqual([
      `label ${LABEL}: value "${value}" ignored; write "false" to opt the ${what} out`,
    ]);
  });

  test.each(["true", "false"])('with the value "%s" is not', (value) => {
    expect(warnings({ [LABEL]: value })).toBe(LEFT_OUT);
  });

  test("may be missing, alone or with all others", () => {
    expect(warnings({ app: "web" })).toBe(LEFT_OUT);
    expect(warnings()).toBe(LEFT_OUT);
  });
});
