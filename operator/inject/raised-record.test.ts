/** The record of raised probes: bounded, read with care, since anybody who creates a pod can write it. */
import { describe, expect, test } from "@jest/globals";
import { PROBES_LEFT_ALONE_ANNOTATION, PROBES_RAISED_ANNOTATION } from "../api/names.ts";
import { MAX_RECORDED, type Raise, raisedRecord, recordAnnotations } from "./raised-record.ts";

const raise = (container: string, from = 1, to = 5): Raise => ({
  container,
  probe: "readinessProbe",
  field: "timeoutSeconds",
  from,
  to,
});
const entry = (container: string, from = 1, to = 5) =>
  `${container}/readinessProbe.timeoutSeconds=${from}->${to}`;
const many = (count: number) => Array.from({ length: count }, (_, index) => `app-${index}`);
const read = (text: unknown) =>
  raisedRecord({ [PROBES_RAISED_ANNOTATION]: text } as Record<string, string>).raised;

describe("what is recorded", () => {
  test("is nothing where nothing was done", () => {
    expect(recordAnnotations({ [PROBES_RAISED_ANNOTATION]: entry("a") }, [], [])).toStrictEqual({});
  });

  test("is read again as it was written", () => {
    const containers = many(MAX_RECORDED);
    const alone = containers.map((container) => ({ container, probe: "livenessProbe" as const }));
    const written = recordAnnotations(
      {},
      containers.map((name) => raise(name)),
      alone,
    );
    expect(raisedRecord(written)).toStrictEqual({
      raised: containers.map((name) => entry(name)),
      leftAlone: containers.map((name) => `${name}/livenessProbe`),
    });
  });

  test("is added to what an earlier call recorded", () => {
    const first = recordAnnotations(
      {},
      [raise("a"), raise("b")],
      [{ container: "c", probe: "livenessProbe" }],
    );
    const second = recordAnnotations(
      first,
      [raise("d")],
      [{ container: "c", probe: "livenessProbe" }],
    );
    expect(second).toStrictEqual({
      [PROBES_RAISED_ANNOTATION]: [entry("a"), entry("b"), entry("d")].join(", "),
      [PROBES_LEFT_ALONE_ANNOTATION]: "c/livenessProbe",
    });
  });

  test("goes from the first value to the last where a time is raised twice", () => {
    const first = recordAnnotations({}, [raise("a", 1, 5)], []);
    const further = recordAnnotations(first, [raise("a", 5, 8)], []);
    expect(further[PROBES_RAISED_ANNOTATION]).toBe(entry("a", 1, 8));
    const lowered = recordAnnotations(first, [raise("a", 3, 8)], []);
    expect(lowered[PROBES_RAISED_ANNOTATION]).toBe(entry("a", 3, 8));
  });

  test("is bounded, says that there is more, and goes on saying it", () => {
    const raises = many(MAX_RECORDED + 1).map((name) => raise(name));
    const text = recordAnnotations({}, raises, [])[PROBES_RAISED_ANNOTATION] ?? "";
    expect(text.endsWith(`${entry(`app-${MAX_RECORDED - 1}`)}, ...`)).toBe(true);
    const again = recordAnnotations(
      { [PROBES_RAISED_ANNOTATION]: text },
      [raise("app-0", 5, 6)],
      [],
    );
    expect(again[PROBES_RAISED_ANNOTATION]).toBe(text.replace("=1->5", "=1->6"));
  });

  test("can be read when it is as long as it gets", () => {
    const longest = (index: number) => String(index).padStart(63, "n");
    const raises = many(MAX_RECORDED + 1).map((_, index) =>
      raise(longest(index), 1, 2_147_483_647),
    );
    const text = recordAnnotations({}, raises, [])[PROBES_RAISED_ANNOTATION];
    expect(read(text)).toHaveLength(MAX_RECORDED);
  });
});

test.each<[string, unknown, string[]]>([
  ["no annotation", undefined, []],
  ["no text", 5, []],
  ["an empty text", "", []],
  ["another text", "<script>, app/readinessProbe, \u0007", []],
  ["other fields", "app/readinessProbe.failureThreshold=1->5", []],
  ["one entry of ours among others", `x, ${entry("app")}, y`, [entry("app")]],
  ["a text without end", `${entry("app")}, `.repeat(1_000), []],
])("of %s what is no entry of ours is left out", (_what, text, entries) => {
  expect(read(text)).toStrictEqual(entries);
});

test("no more is read than may be written", () => {
  const text = many(MAX_RECORDED + 3)
    .map((name) => entry(name))
    .join(", ");
  expect(read(text)).toHaveLength(MAX_RECORDED);
});
