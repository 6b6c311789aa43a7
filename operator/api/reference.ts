/** zod schema -> the reference page, so that kubectl explain and the documentation say the same. */
import { openApiSchema, type StructuralSchema } from "./crd.ts";
import { API_VERSION } from "./names.ts";
import { type Gating, gatingOf, REASONS } from "./reasons.ts";
import { HEALTH_POLICY, type Resource } from "./resources.ts";

const GATING_TEXT: Record<Gating, string> = {
  Always: "always",
  UntilFirstReady: "until the pod has first been ready",
  Never: "never",
};

function typeText(node: StructuralSchema): string {
  if (node.items) return `list of ${typeText(node.items)}`;
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (typeof node.additionalProperties === "object") return "map of strings";
  return node.type ?? "object";
}

function rowsOf(path: string, node: StructuralSchema): string[] {
  const inner = node.items ?? node;
  return Object.entries(inner.properties ?? {}).flatMap(([name, child]) => {
    const childPath = `${path}.${name}${child.items ? "[]" : ""}`;
    const required = inner.required?.includes(name) ? "yes" : "";
    const text = (child.description ?? "").replaceAll("|", "\\|");
    const row = `| \`${childPath}\` | ${typeText(child)} | ${required} | ${text} |`;
    return [row, ...rowsOf(childPath, child)];
  });
}

function table(path: string, node: StructuralSchema | undefined): string {
  const head = "| Field | Type | Required | Meaning |\n| --- | --- | --- | --- |";
  return [head, ...(node ? rowsOf(path, node) : [])].join("\n");
}

/** Reasons belong to dependencies, which only a HealthPolicy names. */
function reasonsSection(): string {
  const reasons = REASONS.map((reason) => `| \`${reason}\` | ${GATING_TEXT[gatingOf(reason)]} |`);
  return `
## Reasons

Why a dependency is down, in \`/status\` and \`/readyz\` of the sidecar, its metrics and its log. "Gates" says when
a dependency with impact \`Gate\` and this reason keeps the pod unready.

| Reason | Gates |
| --- | --- |
${reasons.join("\n")}
`;
}

/** The whole page of a resource as Markdown. */
export function referencePage(resource: Resource): string {
  const { kind } = resource;
  const schema = openApiSchema(resource);
  return `# ${kind}, ${API_VERSION}

${schema.description ?? ""}

Durations are whole numbers with the unit \`ms\`, \`s\` or \`m\`. \`kubectl explain ${kind.toLowerCase()}.spec --recursive\`
prints the same.

## spec

${table("spec", schema.properties?.spec)}

## status

${table("status", schema.properties?.status)}
${resource === HEALTH_POLICY ? reasonsSection() : ""}`;
}
