/**
 * What the CEL rules of a CRD say about an object, without a cluster and in the API server's words. The
 * API server stays the judge: test/e2e/refused-policies.test.ts asks it the same. Left out are the
 * schema's own keywords (types, lengths, enums) and the cost that CEL may have.
 */
import type { CelRule } from "../cel.ts";
import type { StructuralSchema } from "../crd.ts";
import { evaluateCel } from "./cel-environment.ts";

/** A text as Go quotes it. */
const quoted = (text: string) =>
  JSON.stringify(text).replaceAll(/\\u00([0-9a-f]{2})/g, (_, code) => `\\x${code}`);

/** `Invalid value: ` and the value, which is left out where it is an object or a list. */
function shown(value: unknown): string {
  if (typeof value === "string") return `Invalid value: ${quoted(value)}: `;
  return typeof value === "number" ? `Invalid value: ${value}: ` : "Invalid value: ";
}

function messageOf({ message, messageExpression }: CelRule, self: unknown): string {
  if (messageExpression === undefined) return message ?? "";
  const said = String(evaluateCel(messageExpression, { self }));
  // As the API server does: no text, or one of several lines, gives way to the fixed one.
  return said.trim() === "" || said.includes("\n") ? (message ?? "") : said;
}

function childrenOf(
  path: string,
  schema: StructuralSchema,
  value: unknown,
): [string, StructuralSchema, unknown][] {
  const { properties = {}, items, additionalProperties } = schema;
  if (Array.isArray(value)) {
    return items ? value.map((entry, index) => [`${path}[${index}]`, items, entry]) : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]): [string, StructuralSchema, unknown][] => {
    const known = properties[key];
    if (known) return [[path === "" ? key : `${path}.${key}`, known, entry]];
    if (typeof additionalProperties !== "object") return [];
    return [[`${path}[${key}]`, additionalProperties, entry]];
  });
}

/**
 * One line for each rule of `schema` that `value` breaks, those of the whole after those of its parts;
 * empty when it is accepted. Throws when a rule cannot be evaluated.
 */
export function celRefusals(schema: StructuralSchema, value: unknown, path = ""): string[] {
  const ofParts = childrenOf(path, schema, value).flatMap(([childPath, child, entry]) =>
    celRefusals(child, entry, childPath),
  );
  const rules = (schema["x-kubernetes-validations"] ?? []) as CelRule[];
  const ofWhole = rules
    .filter(({ rule }) => evaluateCel(rule, { self: value }) !== true)
    .map((rule) => `${path || "<nil>"}: ${shown(value)}${messageOf(rule, value)}`);
  return [...ofParts, ...ofWhole];
}
