/** What an API server would answer with a ValidatingAdmissionPolicy, without a cluster. */
import { evaluateCel } from "./cel-environment.ts";

interface Expression {
  name: string;
  expression: string;
}

interface Spec {
  matchConditions: Expression[];
  variables?: Expression[];
  validations: { expression: string; message?: string; messageExpression?: string }[];
}

/** What the expressions of an admission policy see. */
export interface Judged {
  request: {
    operation: "CREATE" | "UPDATE" | "DELETE";
    resource: { resource: string };
    namespace?: string;
    userInfo?: { username: string };
  };
  /** Null for a deletion. */
  object: object | null;
  oldObject: object | null;
  params?: object;
  /** Conditions of a match do not see it. */
  namespaceObject?: object;
}

/**
 * The messages of the validations that fail, or the name of the first condition that leaves the request out.
 * Throws where an expression cannot be evaluated; the API server would let such a request pass where the policy's
 * failurePolicy is Ignore.
 */
export function judge(spec: Record<string, unknown>, judged: Judged): string[] | string {
  const { matchConditions, variables: named = [], validations } = spec as unknown as Spec;
  const { namespaceObject, ...matched } = judged;
  const out = matchConditions.find((one) => evaluateCel(one.expression, { ...matched }) !== true);
  if (out) return out.name;
  const variables: Record<string, unknown> = {};
  const whole = { ...matched, namespaceObject, variables };
  for (const { name, expression } of named) variables[name] = evaluateCel(expression, whole);
  return validations
    .filter(({ expression }) => evaluateCel(expression, whole) !== true)
    .map(({ message, messageExpression }) =>
      messageExpression === undefined
        ? String(message)
        : String(evaluateCel(messageExpression, whole)),
    );
}
