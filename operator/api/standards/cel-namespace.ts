/** Whether a ClusterHealthPolicy reaches a namespace, in CEL; the same as selectorMatches in select-policy.ts. */

const SELECTOR = "params.spec.namespaceSelector";

const MATCH_LABELS = `(!has(${SELECTOR}.matchLabels) || ${SELECTOR}.matchLabels.all(k, k in variables.labels && variables.labels[k] == ${SELECTOR}.matchLabels[k]))`;

// As in Kubernetes, a namespace without the label meets NotIn.
const REQUIREMENT =
  "e.operator == 'Exists' ? e.key in variables.labels" +
  " : e.operator == 'DoesNotExist' ? !(e.key in variables.labels)" +
  " : e.operator == 'In' ? e.key in variables.labels && variables.labels[e.key] in e.values" +
  " : !(e.key in variables.labels && variables.labels[e.key] in e.values)";

const MATCH_EXPRESSIONS = `(!has(${SELECTOR}.matchExpressions) || ${SELECTOR}.matchExpressions.all(e, ${REQUIREMENT}))`;

/** Variables of an admission policy: the labels of the request's namespace, and whether `params` reaches it. */
export const NAMESPACE_VARIABLES = [
  {
    name: "labels",
    expression: "has(namespaceObject.metadata.labels) ? namespaceObject.metadata.labels : {}",
  },
  { name: "reached", expression: `${MATCH_LABELS} && ${MATCH_EXPRESSIONS}` },
] as const;
