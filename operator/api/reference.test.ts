import { describe, expect, test } from "@jest/globals";
import { CONDITION_REASONS } from "./condition-reasons.ts";
import { CLUSTER_CONDITION_TEXTS, CONDITION_TEXTS } from "./condition-texts.ts";
import { EVENT_REASONS } from "./event-reasons.ts";
import { referencePage } from "./reference.ts";
import { CLUSTER_HEALTH_POLICY, HEALTH_POLICY, RESOURCES } from "./resources.ts";
import { RULES } from "./standards/rules.ts";

/** The cells of a page's rows about fields: path, type, what counts when unset, bounds, meaning. */
const rowsOf = (page: string) =>
  page
    .split("\n")
    .filter((line) => /^\| `(?:spec|status)\./.test(line))
    .map((line) => line.slice(2, -2).split(" | "));

const PAGES = RESOURCES.map((resource) => referencePage(resource));
const FIELDS = PAGES.flatMap(rowsOf);
const OF_SPEC = FIELDS.filter(([path]) => path?.startsWith("`spec."));

/** Its row, without the meaning. */
const rowOf = (path: string) => FIELDS.find(([field]) => field === `\`${path}\``)?.slice(1, 4);

describe("what the reference says of a field", () => {
  test.each([
    ["spec.timing.interval", ["string", "5s", "500ms to 10m"]],
    ["spec.probe.timeoutSeconds", ["integer", "5", "1 to 60"]],
    ["spec.dependencies[].name", ["string", "required", "up to 63 characters"]],
    ["spec.dependencies[]", ["list of object", "required", "1 to 12 entries"]],
    ["spec.dependencies[].postgresql.port", ["integer", "5432", "1 to 65535"]],
    ["spec.dependencies[].http.method", ["`GET`, `HEAD`", "GET", ""]],
    ["spec.dependencies[].redis.tls.caSecret", ["object", "the public authorities", ""]],
    ["spec.standards.enforcement", ["`Audit`, `Warn`, `Deny`, `Apply`", "Audit", ""]],
  ])("%s", (path, cells) => {
    expect(rowOf(path)).toEqual(cells);
  });

  /** Alternatives to each other, of which the API server asks for one, and what has fields of its own. */
  const NEEDS_NO_WORD_FOR_UNSET =
    /\.(?:host|database|matchLabels|matchExpressions\[\]|values\[\])`$/;

  test("what counts when it is unset, wherever it may be", () => {
    const silent = OF_SPEC.filter(
      ([path = "", type, unset]) =>
        type !== "object" && unset === "" && !NEEDS_NO_WORD_FOR_UNSET.test(path),
    );
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  test("the bounds of every number, list and map of the spec", () => {
    const unbounded = OF_SPEC.filter(
      ([, type = "", , bounds]) => /^(?:integer|list|map)/.test(type) && bounds === "",
    );
    // That one depends on another field, and its text says how.
    expect(unbounded.map(([path]) => path)).toEqual([
      "`spec.dependencies[].memcached.minAvailable`",
    ]);
  });

  test("a whole sentence or more about its meaning", () => {
    const poor = FIELDS.filter(([, , , , meaning = ""]) => !/^\S.{7,}\.$/.test(meaning));
    expect(poor.map(([path]) => path)).toEqual([]);
  });
});

test("every rule of the standards stands in the page of ClusterHealthPolicy", () => {
  const page = referencePage(CLUSTER_HEALTH_POLICY);
  expect(RULES.map(({ id }) => id).filter((id) => !page.includes(`| \`${id}\` |`))).toEqual([]);
  expect(page).not.toMatch(/%[sd]/);
});

test("every reason of Events stands in the page of HealthPolicy, with a sentence about it", () => {
  const page = referencePage(HEALTH_POLICY);
  for (const [reason, text] of Object.entries(EVENT_REASONS)) {
    expect(page).toContain(`| \`${reason}\` | ${text} |`);
    expect(text).toMatch(/^\S.{7,}\.$/);
  }
});

describe("conditions", () => {
  test("every reason belongs to one", () => {
    const told = [...Object.values(CONDITION_TEXTS), ...Object.values(CLUSTER_CONDITION_TEXTS)];
    const reasons = new Set(told.flatMap((texts) => Object.keys(texts)));
    expect([...reasons].sort()).toEqual([...CONDITION_REASONS].sort());
  });

  test("stand in the page of the resource that has them", () => {
    expect(referencePage(HEALTH_POLICY)).toContain("| `Stalled` | `Conflicted` | True.");
    expect(referencePage(HEALTH_POLICY)).not.toContain("| `DefaultsNest` |");
    expect(referencePage(CLUSTER_HEALTH_POLICY)).toContain("| `DefaultsNest` | `Invalid` | False.");
    expect(referencePage(CLUSTER_HEALTH_POLICY)).not.toContain("## Reasons");
  });
});
