/** The rules of quantities that the API server itself enforces; as in cel.ts. */
import { type CelRule, matches, quoting, sentence } from "./cel.ts";

/** Bounds of a quantity, as they are written. */
export interface QuantityLimits {
  minimum: string;
  maximum: string;
  /** What a message gives as an example. */
  example: string;
}

/** The quantities that the chart's values may have; Kubernetes knows more forms of the same numbers. */
const isQuantity = (expression: string) =>
  matches(expression, "^[0-9]{1,9}([.][0-9]{1,3})?(m|k|Ki|M|Mi|G|Gi)?$");

/** A field is a quantity, and lies between two bounds. */
export function quantityRules(
  field: string,
  { minimum, maximum, example }: QuantityLimits,
): CelRule[] {
  const unlessOther = `!${isQuantity("self")} || `;
  return [
    {
      rule: isQuantity("self"),
      messageExpression: quoting(
        `${field}: "%s" is not a quantity; write for example ${example}`,
        "self",
      ),
      message: `${field} is not a quantity; write for example ${example}`,
    },
    {
      rule: `${unlessOther}!quantity(self).isLessThan(quantity('${minimum}'))`,
      messageExpression: sentence(`${field} %s is below the minimum ${minimum}`, "self"),
    },
    {
      rule: `${unlessOther}!quantity(self).isGreaterThan(quantity('${maximum}'))`,
      messageExpression: sentence(`${field} %s is above the maximum ${maximum}`, "self"),
    },
  ];
}

/** For an object with `requests` and `limits`: this resource's request, where both are set, fits its limit. */
export function requestWithinLimitRule(resource: "cpu" | "memory"): CelRule {
  const request = `self.requests.${resource}`;
  const limit = `self.limits.${resource}`;
  const unset = `!(has(self.requests) && has(${request}) && has(self.limits) && has(${limit}))`;
  // What is no quantity has a sentence of its own, and `quantity()` would fail this rule.
  const other = `!${isQuantity(request)} || !${isQuantity(limit)}`;
  return {
    rule: `${unset} || ${other} || !quantity(${request}).isGreaterThan(quantity(${limit}))`,
    messageExpression: sentence(
      `sidecar.resources: requests.${resource} (%s) must not be more than limits.${resource} (%s)`,
      request,
      limit,
    ),
  };
}
