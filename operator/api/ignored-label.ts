/**
 * What the API server says of an opt-out label whose value means nothing, as a ValidatingAdmissionPolicy. The webhook
 * says it of pods, but a workload's pods are created by a controller, which shows the warning to nobody, and it is
 * never asked about a namespace.
 */
import { sentence } from "./cel.ts";
import { INJECT_LABEL } from "./names.ts";

/** The values that mean something. "true" is what a pod is without the label. */
const VALUES = "['true', 'false']";

/** CEL for "one of the labels in this metadata is ours, with a value that means nothing". */
const isIgnored = (metadata: string) =>
  `has(${metadata}.labels) && '${INJECT_LABEL}' in ${metadata}.labels && !(${metadata}.labels['${INJECT_LABEL}'] in ${VALUES})`;

const IS_NAMESPACE = "request.resource.resource == 'namespaces'";
const TEMPLATE = "object.spec.template";

/** `spec` of the ValidatingAdmissionPolicy. */
export function ignoredLabelSpec(): Record<string, unknown> {
  const operations = ["CREATE", "UPDATE"];
  return {
    // What only warns must not stop a workload.
    failurePolicy: "Ignore",
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ["apps"],
          apiVersions: ["v1"],
          operations,
          resources: ["deployments", "statefulsets", "daemonsets"],
        },
        { apiGroups: [""], apiVersions: ["v1"], operations, resources: ["namespaces"] },
      ],
    },
    // Everything is decided here: for nearly every workload of a cluster nothing else is computed.
    matchConditions: [
      {
        name: "value-means-nothing",
        expression: `${IS_NAMESPACE} ? (${isIgnored("object.metadata")}) : (has(${TEMPLATE}.metadata) && ${isIgnored(`${TEMPLATE}.metadata`)})`,
      },
    ],
    variables: [
      {
        name: "labels",
        expression: `${IS_NAMESPACE} ? object.metadata.labels : ${TEMPLATE}.metadata.labels`,
      },
    ],
    validations: [
      {
        expression: "false",
        messageExpression: sentence(
          `label ${INJECT_LABEL}: value "%s" ignored; write "false" to opt the %s out`,
          `variables.labels['${INJECT_LABEL}']`,
          `${IS_NAMESPACE} ? 'namespace' : 'pods'`,
        ),
        message: `label ${INJECT_LABEL}: the value is ignored; write "false" to opt out`,
      },
    ],
  };
}
