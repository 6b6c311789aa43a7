/** The dependencies that have been up in this pod as they stand, in the marks. */
import { isDeepStrictEqual } from "node:util";
import type { PolicyFile } from "../api/policy-file.ts";
import type { MarksFile, SettledMark } from "./marks.ts";
import { marksAfterEdit } from "./marks-after-edit.ts";
import { type Standing, settledMarkOf } from "./settled-mark-of.ts";
import type { DependencyState } from "./verdict.ts";

/** Reads and changes these marks alone. */
export interface SettledMarks {
  /** Undefined where it has not been up with this content. */
  of(standing: Omit<Standing, "target">): SettledMark | undefined;
  add(standing: Standing): void;
  drop(standing: Standing): void;
  /** What an edit leaves of them; `dependencies` are those of `next`. */
  edit(next: PolicyFile | undefined, dependencies: (Standing & { state: DependencyState })[]): void;
}

/** Over all marks of the pod. */
export function createSettledMarks(marks: MarksFile): SettledMarks {
  return {
    of: (standing) => settledMarkOf(marks.current(), standing),
    add({ dependency, content, target }) {
      const others = marks.current().settled;
      marks.update({ settled: { ...others, [dependency.name]: { content, target } } });
    },
    drop({ dependency }) {
      const { [dependency.name]: dropped, ...others } = marks.current().settled;
      if (dropped) marks.update({ settled: others });
    },
    edit(next, dependencies) {
      const before = marks.current();
      const change = marksAfterEdit(before, next, dependencies);
      if (!isDeepStrictEqual({ ...before, ...change }, before)) marks.update(change);
    },
  };
}
