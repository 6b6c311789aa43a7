/**
 * The rule that whoever writes a HealthPolicy may read every Secret that it names, as the specification of
 * a ValidatingAdmissionPolicy. Without it, who may write policies but read no Secrets could let pods send a
 * Secret's password to a host of their own.
 */
import { CHANGED_POLICIES } from "./changed-policies.ts";
import { openApiSchema, type StructuralSchema } from "./crd.ts";
import { MAX_DEPENDENCIES } from "./limits.ts";
import { HEALTH_POLICY } from "./resources.ts";

/** The field that names a Secret, wherever one is named. */
const SECRET_NAME = "secretName";

/** Path of each field below `node` that names a Secret, for example `["tls", "caSecret", "secretName"]`. */
export function secretNamePaths(node: StructuralSchema): string[][] {
  return Object.entries(node.properties ?? {}).flatMap(([field, child]) =>
    field === SECRET_NAME ? [[field]] : secretNamePaths(child).map((path) => [field, ...path]),
  );
}

/** The schema of one dependency. */
export function dependencySchema(): StructuralSchema {
  const dependency = openApiSchema(HEALTH_POLICY).properties?.spec?.properties?.dependencies?.items;
  if (!dependency) throw new Error("the schema has no list of dependencies");
  return dependency;
}

/**
 * One rule per place in the list, because of the API server's budget: one authorization check costs 350,000
 * units, one expression may cost 1,000,000 and all of them together 10,000,000. Two Secrets in each of 12
 * dependencies fit. A third in one dependency, which the schema excludes, ends in an error and so in a refusal.
 */
function mayGetSecretsOf(index: number) {
  const check =
    "authorizer.group('').resource('secrets').namespace(request.namespace).name(name).check('get').allowed()";
  return {
    expression: `size(variables.secretNames) <= ${index} || variables.secretNames[${index}].all(name, ${check})`,
    // A text that is computed from an authorization check is not shown by the API server.
    message: `spec.dependencies[${index}] names a Secret that you may not get. Whoever writes a HealthPolicy must be allowed to get every Secret that it names.`,
    reason: "Forbidden",
  };
}

/** `spec` of the ValidatingAdmissionPolicy. */
export function secretAccessSpec(): Record<string, unknown> {
  const names = secretNamePaths(dependencySchema()).map((path) => `?d.?${path.join(".?")}`);
  return {
    failurePolicy: "Fail",
    ...CHANGED_POLICIES,
    variables: [
      {
        name: "secretNames",
        expression: `object.spec.dependencies.map(d, [${names.join(", ")}])`,
      },
    ],
    validations: Array.from({ length: MAX_DEPENDENCIES }, (_, index) => mayGetSecretsOf(index)),
  };
}
