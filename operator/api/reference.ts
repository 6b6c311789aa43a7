/** zod schema -> the reference page, so that kubectl explain and the documentation say the same. */
import type { CelRule } from "./cel.ts";
import { CLUSTER_CONDITION_TEXTS, CONDITION_TEXTS, type ReasonTexts } from "./condition-texts.ts";
import { openApiSchema, type StructuralSchema } from "./crd.ts";
import { EVENT_REASONS } from "./event-reasons.ts";
import { code, rowOf, table } from "./markdown.ts";
import { API_VERSION } from "./names.ts";
import { POD_REASON_TEXTS, REASON_TEXTS } from "./reason-texts.ts";
import { type Gating, gatingOf, REASONS } from "./reasons.ts";
import { HEALTH_POLICY, type Resource } from "./resources.ts";
import { RULES } from "./standards/rules.ts";

const GATING_TEXT: Record<Gating, string> = {
  Always: "always",
  UntilFirstReady: "until the pod's sidecar has first been ready",
  Never: "never",
};

function typeText(node: StructuralSchema): string {
  if (node.items) return `list of ${typeText(node.items)}`;
  if (node.enum) return node.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (typeof node.additionalProperties === "object") return "map of strings";
  if (node["x-kubernetes-int-or-string"]) return "integer or string";
  return node.type ?? "object";
}

/**
 * What counts where the field is unset: the schema's default, or what the field's text says, so that `kubectl explain`
 * says it too.
 */
function defaultText(node: StructuralSchema): string {
  if (node.default !== undefined) return String(node.default);
  const said = /(?:[Uu]nset|[Bb]uilt-in default): (.*?)(?:\.$|\. |;|$)/.exec(
    node.description ?? "",
  );
  return said?.[1] ?? "";
}

/** A range as rules have it: of a number, or of a duration. */
const RULED_RANGES = [
  /self >= (\d+) && self <= (\d+)/,
  /duration\(self\) >= duration\('(\w+)'\).*duration\(self\) <= duration\('(\w+)'\)/s,
];

/** The least number of entries, as rules have it. */
const RULED_SIZE = /self\.size\(\) >= (\d+)/;

/** The bounds of a field, from its keywords and from its rules. */
function boundsText(node: StructuralSchema): string {
  const rules = (node["x-kubernetes-validations"] ?? []) as CelRule[];
  const text = rules.map(({ rule }) => rule).join("\n");
  const ruled = RULED_RANGES.flatMap((range) => range.exec(text)?.slice(1) ?? []);
  const ruledSize = RULED_SIZE.exec(text)?.[1];
  const known: [unknown, unknown, string][] = [
    [ruled[0] ?? node.minimum, ruled[1] ?? node.maximum, ""],
    [node.minLength, node.enum || ruled.length > 0 ? undefined : node.maxLength, " characters"],
    [
      ruledSize ?? node.minItems ?? node.minProperties,
      node.maxItems ?? node.maxProperties,
      " entries",
    ],
  ];
  return known
    .filter(([, most]) => most !== undefined)
    .map(([least, most, of]) =>
      least === undefined ? `up to ${most}${of}` : `${least} to ${most}${of}`,
    )
    .join(", ");
}

function rowsOf(path: string, node: StructuralSchema): string[] {
  const inner = node.items ?? node;
  return Object.entries(inner.properties ?? {}).flatMap(([name, child]) => {
    const childPath = `${path}.${name}${child.items ? "[]" : ""}`;
    const unset = inner.required?.includes(name) ? "required" : defaultText(child);
    const text = (child.description ?? "").replaceAll("|", "\\|");
    const cells = [code(childPath), typeText(child), unset, boundsText(child), text];
    return [rowOf(cells), ...rowsOf(childPath, child)];
  });
}

const fields = (path: string, node: StructuralSchema | undefined) =>
  table(["Field", "Type", "Unset", "Bounds", "Meaning"], node ? rowsOf(path, node) : []);

function conditionsSection(texts: Readonly<Record<string, ReasonTexts>>): string {
  const rows = Object.entries(texts).flatMap(([type, reasons]) =>
    Object.entries(reasons).map(([reason, text]) => rowOf([code(type), code(reason), text])),
  );
  return `
## Conditions

${table(["Condition", "Reason", "Meaning"], rows)}
`;
}

/** Standards belong to a ClusterHealthPolicy. */
function rulesSection(): string {
  const rows = RULES.map(({ id, standard, format }) =>
    rowOf([
      code(id),
      code(`spec.standards.${standard}`),
      format.replaceAll(/(?:"?%[sd]"?)+/g, "…"),
    ]),
  );
  return `
## Rules

What a workload can violate, in the status and in metrics, and the sentence that says so, after the container's name.

${table(["Rule", "Asked for by", "Sentence"], rows)}
`;
}

/** Reasons belong to dependencies, which only a HealthPolicy names. */
function reasonsSection(): string {
  const reasons = REASONS.map((reason) =>
    rowOf([code(reason), GATING_TEXT[gatingOf(reason)], REASON_TEXTS[reason]]),
  );
  const ofPods = Object.entries(POD_REASON_TEXTS).map(([reason, text]) =>
    rowOf([code(reason), text]),
  );
  return `
## Reasons

Why a dependency is down, in \`/status\` and \`/readyz\` of the sidecar, its metrics and its log. "Gates" says when
a dependency with impact \`Gate\` and this reason keeps the pod unready. What to look at is in
[troubleshooting](../troubleshooting.md#reasons-of-dependencies).

${table(["Reason", "Gates", "Meaning"], reasons)}

Reasons of a pod as a whole, in \`/status\` and \`/readyz\`:

${table(["Reason", "Meaning"], ofPods)}
`;
}

function eventsSection(): string {
  const rows = Object.entries(EVENT_REASONS).map(([reason, text]) => rowOf([code(reason), text]));
  return `
## Events

What the operator says on pods, on what owns them and on policies; \`kubectl describe\` prints it. At most 60 are
written a minute, in the whole cluster.

${table(["Reason", "Meaning"], rows)}
`;
}

function columnsText({ printerColumns, plural }: Resource): string {
  const names = (wide: boolean) =>
    printerColumns
      .filter(({ priority }) => (priority !== undefined) === wide)
      .map(({ name }) => name.toUpperCase())
      .join(", ");
  const more = names(true) ? `, and with \`-o wide\` ${names(true)}` : "";
  return `\`kubectl get ${plural}\` prints ${names(false)}${more}.`;
}

/** The whole page of a resource as Markdown. */
export function referencePage(resource: Resource): string {
  const { kind } = resource;
  const schema = openApiSchema(resource);
  const isHealthPolicy = resource === HEALTH_POLICY;
  return `# ${kind}, ${API_VERSION}

${schema.description ?? ""}

Durations are whole numbers with the unit \`ms\`, \`s\` or \`m\`. \`kubectl explain ${kind.toLowerCase()}.spec --recursive\`
prints the same. ${columnsText(resource)}

## spec

${fields("spec", schema.properties?.spec)}

## status

${fields("status", schema.properties?.status)}
${conditionsSection(isHealthPolicy ? CONDITION_TEXTS : CLUSTER_CONDITION_TEXTS)}${isHealthPolicy ? `${reasonsSection()}${eventsSection()}` : rulesSection()}`;
}
