/**
 * The standards as ValidatingAdmissionPolicies: the API server itself warns and refuses, whether the operator runs
 * or not. A ClusterHealthPolicy is their parameter, and each that reaches the namespace speaks for itself.
 *
 * There are two, because what happens is decided by the binding: a binding can name its parameters by their labels,
 * not by their `enforcement`.
 */
import { sentence } from "../cel.ts";
import { API_VERSION } from "../names.ts";
import { CLUSTER_HEALTH_POLICY } from "../resources.ts";
import type { Enforcement } from "../v1alpha1-cluster-standards.ts";
import { NAMESPACE_VARIABLES } from "./cel-namespace.ts";
import { celProbesChange } from "./cel-probes-change.ts";
import { celContainers, celRunsToCompletion, celSentences } from "./cel-violations.ts";
import { RULES } from "./rules.ts";

/** What an admission policy does with a violation. */
export type StandardsAction = "Warn" | "Deny";

/** Which values of `enforcement` it is for. */
const ENFORCED: Record<StandardsAction, readonly Enforcement[]> = {
  Warn: ["Warn", "Apply"],
  Deny: ["Deny"],
};

/**
 * Sentences that are said, each as a warning of its own. API servers send 4,096 characters of warnings for one
 * request, and with what they put in front a usual one has 250.
 */
const MAX_WARNINGS = 15;
/** Sentences of one refusal. The longest has 500 characters, and API servers drop a message of more than 5,120. */
const MAX_REFUSALS = 8;

/** Said where the sentence cannot be computed. */
const FALLBACK =
  "the probes violate the standards of a ClusterHealthPolicy; kubectl get clusterhealthpolicies shows which there are";

/** The `spec` of the pods that `object` makes, which may be the old one. */
const podSpecOf = (object: string) =>
  `(request.resource.resource == 'pods' ? ${object}.spec : request.resource.resource == 'cronjobs' ? ${object}.spec.jobTemplate.spec.template.spec : ${object}.spec.template.spec)`;

const listed = (texts: readonly string[]) => `[${texts.map((text) => `'${text}'`).join(", ")}]`;

/** What other workloads are made of. Any owner will do: it has been judged, or stood before the standard. */
const PARTS = ["pods", "jobs", "replicasets", "replicationcontrollers"] as const;
/** Of other workloads only those of a controller are left out: nobody could mend the probes in them. */
const MADE = `object.metadata.ownerReferences.exists(o, request.resource.resource in ${listed(PARTS)} || (has(o.controller) && o.controller))`;
const WRITTEN_BY_HAND = `!has(object.metadata.ownerReferences) || !${MADE}`;

/** Scaling, another image, what controllers write: what stands already is not refused for them. */
const PROBES_CHANGE = `request.operation == 'CREATE' || ${celProbesChange(podSpecOf("object"), podSpecOf("oldObject"))}`;

function matchConditions(action: StandardsAction) {
  return [
    {
      name: "enforced",
      expression: `has(params.spec.standards) && params.spec.standards.enforcement in ${listed(ENFORCED[action])}`,
    },
    { name: "written-by-hand", expression: WRITTEN_BY_HAND },
    ...(action === "Deny" ? [{ name: "probes-change", expression: PROBES_CHANGE }] : []),
  ];
}

const variableOf = (id: string) => `variables.${id}`;

// Each expression has a budget of its own, so each rule is one; a variable is computed once, when it is needed.
const VARIABLES = [
  ...NAMESPACE_VARIABLES,
  { name: "standards", expression: "params.spec.standards" },
  { name: "podSpec", expression: podSpecOf("object") },
  { name: "containers", expression: celContainers("variables.podSpec") },
  { name: "runsToCompletion", expression: celRunsToCompletion("variables.podSpec") },
  ...RULES.map((rule) => ({ name: rule.id, expression: celSentences(rule) })),
  {
    name: "sentences",
    expression: `variables.reached ? ${RULES.map(({ id }) => variableOf(id)).join(" + ")} : []`,
  },
];

const COUNT = "size(variables.sentences)";
const saidBy = (text: string) =>
  sentence("ClusterHealthPolicy %s: %s", "params.metadata.name", text);
const more = (said: number) => sentence("and %d more", `${COUNT} - ${said}`);

/** A warning is one validation that fails, so each sentence has its own, by its place in the list. */
const WARNINGS = [
  ...Array.from({ length: MAX_WARNINGS }, (_, index) => ({
    expression: `${COUNT} <= ${index}`,
    // The API server computes it also where the validation does not fail.
    messageExpression: `${COUNT} > ${index} ? ${saidBy(`variables.sentences[${index}]`)} : ''`,
    message: FALLBACK,
  })),
  {
    expression: `${COUNT} <= ${MAX_WARNINGS}`,
    messageExpression: saidBy(more(MAX_WARNINGS)),
    message: FALLBACK,
  },
];

const places = Array.from({ length: MAX_REFUSALS }, (_, index) => index).join(", ");

/** A refusal shows the first validation that fails and no other, so this one has all sentences. */
const REFUSAL = {
  expression: `${COUNT} == 0`,
  messageExpression: saidBy(
    `[${places}].filter(i, i < ${COUNT}).map(i, variables.sentences[i]).join(' | ') + (${COUNT} > ${MAX_REFUSALS} ? ' | ' + ${more(MAX_REFUSALS)} : '')`,
  ),
  message: FALLBACK,
};

/** `spec` of the ValidatingAdmissionPolicy that warns or refuses. */
export function standardsSpec(action: StandardsAction): Record<string, unknown> {
  const written = ["CREATE", "UPDATE"];
  return {
    // A standard that cannot be looked at must not stop a cluster.
    failurePolicy: "Ignore",
    paramKind: { apiVersion: API_VERSION, kind: CLUSTER_HEALTH_POLICY.kind },
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          operations: written,
          resources: ["deployments", "statefulsets", "daemonsets", "replicasets"],
        },
        {
          apiGroups: ["batch"],
          apiVersions: ["v1"],
          operations: written,
          resources: ["jobs", "cronjobs"],
        },
        {
          apiGroups: [""],
          apiVersions: ["v1"],
          operations: written,
          resources: ["replicationcontrollers"],
        },
        // The probes of a pod that is there cannot be changed.
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
      ],
    },
    matchConditions: matchConditions(action),
    variables: VARIABLES,
    validations: action === "Warn" ? WARNINGS : [REFUSAL],
  };
}
