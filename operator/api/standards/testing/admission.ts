/** What an API server would answer with the admission policies of the standards, without a cluster. */
import { judge } from "../../testing/judge.ts";
import { type StandardsAction, standardsSpec } from "../admission-policies.ts";

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
  const { resource, operation, object, oldObject = null, params, labels } = asked;
  return judge(standardsSpec(action), {
    request: { resource: { resource }, operation },
    object,
    oldObject,
    params,
    namespaceObject: { metadata: labels ? { labels } : {} },
  });
}
