/**
 * What the API server warns of in a HealthPolicy that it accepts, as a ValidatingAdmissionPolicy: a schema can only
 * refuse, and a webhook would be silent while the operator is down.
 */
import { sentence } from "./cel.ts";
import { CHANGED_POLICIES } from "./changed-policies.ts";
import type { StructuralSchema } from "./crd.ts";
import { dependencySchema } from "./secret-access.ts";

/** The field that names a server, wherever one is named. */
const HOST = "host";

/** CEL: a host that is looked up in the pod's namespace. `localhost` is the pod itself, an IPv6 address has colons. */
const isShort = (host: string) =>
  `(!${host}.contains('.') && !${host}.contains(':') && ${host} != 'localhost')`;

/** For one place of a type's slot that names hosts: whether one is short, and the first that is. */
interface HostField {
  present: string;
  first: string;
}

/** A slot's own host, and those in the entries of its lists. */
function hostFields(slot: StructuralSchema, path: string): HostField[] {
  return Object.entries(slot.properties ?? {}).flatMap(([field, child]) => {
    const at = `${path}.${field}`;
    if (field === HOST) return [{ present: `has(${at}) && ${isShort(at)}`, first: at }];
    if (!child.items?.properties?.[HOST]) return [];
    return [
      {
        present: `has(${at}) && ${at}.exists(e, ${isShort("e.host")})`,
        first: `${at}.filter(e, ${isShort("e.host")})[0].host`,
      },
    ];
  });
}

/** Every place of a dependency `d` that names hosts; a connection string is in a Secret, which nobody reads here. */
function allHostFields(): HostField[] {
  return Object.entries(dependencySchema().properties ?? {}).flatMap(([type, slot]) =>
    hostFields(slot, `d.${type}`).map(({ present, first }) => ({
      present: `has(d.${type}) && ${present}`,
      first,
    })),
  );
}

const FIELDS = allHostFields();
const HAS_SHORT_HOST = FIELDS.map(({ present }) => `(${present})`).join(" || ");
const FIRST_SHORT_HOST = FIELDS.reduceRight(
  (rest, { present, first }) => `(${present}) ? ${first} : (${rest})`,
  "''",
);

const NAMES = "variables.short.map(d, d.name).join(', ')";
const SHORT_HOST = {
  expression: "size(variables.short) == 0",
  // The API server computes it also where the validation does not fail.
  messageExpression: `size(variables.short) > 0 ? ${sentence(
    'dependencies %s: a host without a dot, here "%s", is looked up in the namespace of the pod; prefer the whole name, with a dot at its end: %s.%s.svc.cluster.local.',
    NAMES,
    "variables.host",
    "variables.host",
    "request.namespace",
  )} : ''`,
  message:
    "dependencies: a host without a dot is looked up in the namespace of the pod; prefer the whole name: name.namespace.svc.cluster.local.",
};

const isEmpty = (field: string) => `(!has(${field}) || size(${field}) == 0)`;
const EMPTY_SELECTOR = {
  expression: `!(${isEmpty("object.spec.selector.matchLabels")} && ${isEmpty("object.spec.selector.matchExpressions")})`,
  messageExpression: sentence(
    "selector is empty: the policy is for every pod of namespace %s; write matchLabels to name the pods of one app",
    "request.namespace",
  ),
  message: "selector is empty: the policy is for every pod of the namespace",
};

/** `spec` of the ValidatingAdmissionPolicy. */
export function policyWarningsSpec(): Record<string, unknown> {
  return {
    // What only warns must not stop a policy.
    failurePolicy: "Ignore",
    ...CHANGED_POLICIES,
    variables: [
      { name: "short", expression: `object.spec.dependencies.filter(d, ${HAS_SHORT_HOST})` },
      {
        name: "host",
        expression: `size(variables.short) == 0 ? '' : variables.short.map(d, ${FIRST_SHORT_HOST})[0]`,
      },
    ],
    validations: [SHORT_HOST, EMPTY_SELECTOR],
  };
}
