/** For tests: what a JSON patch makes of an object. */

interface Operation {
  op: string;
  path: string;
  value?: unknown;
}

/** The fields that this body of a JSON patch adds to an object, by their names; none where it is another body. */
export function fieldsAdded(body: unknown): Record<string, unknown> {
  const operations: Operation[] = Array.isArray(body) ? body : [];
  const added = operations.filter(({ op }) => op === "add");
  return Object.fromEntries(added.map(({ path, value }) => [path.slice(1), value]));
}
