/** CEL without a cluster, with what Kubernetes adds to it, as far as our rules use that. */
import { isIP } from "node:net";
import { Environment } from "@marcbachmann/cel-js";

const isAddress = (text: string) => !text.includes("%") && isIP(text) !== 0;
const isLinkLocal = (address: string) => /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address);
const isUnspecified = (address: string) => ["0.0.0.0", "::"].includes(address);

/** As far as our own pattern lets texts through. */
const FACTORS: Record<string, number> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};
function quantity(text: string): number {
  const [, number, suffix = ""] = /^([0-9.]+)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = FACTORS[suffix];
  if (number === undefined || factor === undefined) throw new Error(`${text} is no quantity`);
  return Number(number) * factor;
}

/** `%s` and `%d`, one after the other; `%%` is a percent sign. */
const format = (template: string, values: unknown[]) => {
  const left = [...values];
  return template.replaceAll(/%[sd%]/g, (verb) => (verb === "%%" ? "%" : String(left.shift())));
};

// An address stays the text that it is.
const environment = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
})
  .registerFunction("isIP(string): bool", isAddress)
  .registerFunction("ip(string): string", (text: string) => text)
  .registerFunction("string.isLinkLocalUnicast(): bool", isLinkLocal)
  .registerFunction("string.isUnspecified(): bool", isUnspecified)
  .registerFunction("quantity(string): double", quantity)
  .registerFunction("double.isLessThan(double): bool", (a: number, b: number) => a < b)
  .registerFunction("double.isGreaterThan(double): bool", (a: number, b: number) => a > b)
  .registerFunction("string.format(list): string", format);

/** CEL knows whole numbers as 64 bits wide, and the library takes those as BigInt. */
function withWholeNumbers(value: unknown): unknown {
  if (typeof value === "number") return BigInt(value);
  if (Array.isArray(value)) return value.map(withWholeNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, withWholeNumbers(v)]));
}

type Program = (context: Record<string, unknown>) => unknown;
/** Reading an expression takes longer than evaluating it; there are as many as the resources have rules. */
const programs = new Map<string, Program>();

function programOf(expression: string): Program {
  const known = programs.get(expression);
  if (known) return known;
  const program: Program = environment.parse(expression);
  programs.set(expression, program);
  return program;
}

/** The value of a CEL expression; throws where it cannot be evaluated. */
export function evaluateCel(expression: string, context: Record<string, unknown>): unknown {
  return programOf(expression)(withWholeNumbers(context) as Record<string, unknown>);
}
