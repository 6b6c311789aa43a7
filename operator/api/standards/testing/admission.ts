/** What an API server would answer with the admission policies of the standards, without a cluster. */
import { evaluateCel } from "../../testing/cel-environment.ts";
import { type StandardsAction, standardsSpec } from "../admission-policies.ts";

interface Expression {
  name: string;
  expression: string;
}

interface Validation {
  expression: string;
  messageExpression: string;
}

interface Spec {
  matchConditions: Expression[];
  variables: Expression[];
  validations: Validation[];
}

/** One request, in one namespace, with one ClusterHealthPolicy as the parameter. */
export interface AdmissionCase {
  resource: string;
  operation: "CREATE" | "UPDATE";
  object: object;
  oldObject?: object;
  params: object;
  labels?: Record<string, string>;
}

/**
 * The messages of the validations that fail, or the name of the first condition that leaves the request out.
 * Throws where an expression cannot be evaluated; the API server would let such a request pass.
 */
export function admit(action: StandardsAction, asked: AdmissionCase): string[] | string {
  const spec = standardsSpec(action) as unknown as Spec;
  const { resource, operation, object, oldObject = null, params, labels } = asked;
  const context: Record<string, unknown> = {
    request: { resource: { resource }, operation },
    object,
    oldObject,
    params,
  };
  const out = spec.matchConditions.find((one) => evaluateCel(one.expression, context) !== true);
  if (out) return out.name;
  // Conditions of a match know neither of these two.
  const variables: Record<string, unknown> = {};
  const whole = { ...context, namespaceObject: { metadata: labels ? { labels } : {} }, variables };
  for (const { name, expression } of spec.variables) {
    variables[name] = evaluateCel(expression, whole);
  }
  return spec.validations
    .filter(({ expression }) => evaluateCel(expression, whole) !== true)
    .map(({ messageExpression }) => String(evaluateCel(messageExpression, whole)));
}
