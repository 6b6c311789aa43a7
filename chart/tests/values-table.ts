/** Makes the table of README.md from values.yaml: a value's `# --` comment is its description. */
import { isMap, isPair, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

interface Row {
  path: string;
  fallback: string;
  description: string;
}

const MARK = "-- ";

/** The text after `--` in the comment above a value; lines above the mark are for readers of the file. */
function described(comment: string | null | undefined): string | undefined {
  const text = (comment ?? "").replaceAll(/^ /gm, "");
  const start = text.lastIndexOf(MARK);
  return start < 0
    ? undefined
    : text
        .slice(start + MARK.length)
        .replaceAll(/\s*\n\s*/g, " ")
        .trim()
        .replaceAll("|", "\\|");
}

function commentOf(pair: Pair, index: number, map: YAMLMap): string | null | undefined {
  const own = isScalar(pair.key) ? pair.key.commentBefore : undefined;
  // The parser keeps a comment above the first key of a map with the map.
  return own ?? (index === 0 ? map.commentBefore : undefined);
}

function rowsOf(map: YAMLMap, path: string): Row[] {
  return map.items.filter(isPair).flatMap((pair, index) => {
    const here = path === "" ? String(pair.key) : `${path}.${String(pair.key)}`;
    const description = described(commentOf(pair, index, map));
    if (description !== undefined) {
      return [{ path: here, fallback: JSON.stringify(map.get(pair.key) ?? null), description }];
    }
    if (isMap(pair.value) && pair.value.items.length > 0) return rowsOf(pair.value, here);
    throw new Error(`values.yaml: ${here} has no comment that starts with "# --"`);
  });
}

/**
 * The Markdown table of all values, in the order of the file.
 *
 * @param yaml content of values.yaml
 * @throws where a value has no description
 */
export function valuesTable(yaml: string): string {
  const { contents } = parseDocument(yaml);
  if (!isMap(contents)) throw new Error("values.yaml: not a map");
  const cells = [
    ["Value", "Default", "What it is for"],
    ...rowsOf(contents as YAMLMap, "").map(({ path, fallback, description }) => [
      `\`${path}\``,
      `\`${fallback}\``,
      description,
    ]),
  ];
  // Padded as the formatter of this repository pads a table, or each would undo the other's work.
  const widths = [0, 1, 2].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...rows] = cells;
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...rows].map((row) => `${line(row)}\n`).join("");
}
