/** Pure: the mark that counts for a dependency as it stands. */
import type { DependencyConfig } from "../api/policy-file.ts";
import type { Marks, SettledMark } from "./marks.ts";

/** A dependency as it stands. */
export interface Standing {
  dependency: DependencyConfig;
  /** The dependency as text. */
  content: string;
  /** Where its last check went that said so; before that, where it was when it became settled. */
  target: string | undefined;
}

/** Undefined where it has not been up with this content. */
export function settledMarkOf(
  { settled }: Pick<Marks, "settled">,
  { dependency, content }: Omit<Standing, "target">,
): SettledMark | undefined {
  const mark = settled[dependency.name];
  return mark?.content === content ? mark : undefined;
}
