/** Markdown of generated pages. */

/** Text as code. */
export const code = (text: string): string => `\`${text}\``;

/** One row of a table. */
export const rowOf = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** A table; `rows` are made by `rowOf`. */
export const table = (head: readonly string[], rows: readonly string[]): string =>
  [rowOf(head), rowOf(head.map(() => "---")), ...rows].join("\n");
