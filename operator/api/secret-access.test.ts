import { expect, test } from "@jest/globals";
import { openApiSchema, type StructuralSchema } from "./crd.ts";
import { MAX_DEPENDENCIES } from "./limits.ts";
import { type DependencyConfig, secretKeys } from "./policy-file.ts";
import { HEALTH_POLICY } from "./resources.ts";
import { dependencySchema, secretAccessSpec, secretNamePaths } from "./secret-access.ts";
import { DEPENDENCY_TYPES } from "./v1alpha1-dependency.ts";

interface Spec {
  validations: { expression: string; message: string }[];
  variables: { name: string; expression: string }[];
}

const spec = secretAccessSpec() as unknown as Spec;
const paths = secretNamePaths(dependencySchema());

/** Every field of the schema, lists and maps included, as `spec.dependencies[].name`. */
function fields(node: StructuralSchema, path: string): string[] {
  const inMap = node.additionalProperties;
  return [
    path,
    ...Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
      fields(child, `${path}.${name}`),
    ),
    ...(node.items ? fields(node.items, `${path}[]`) : []),
    ...(typeof inMap === "object" ? fields(inMap, `${path}{}`) : []),
  ];
}

test("every field that names a Secret is one that the rule reads", () => {
  const naming = fields(openApiSchema(HEALTH_POLICY), "").filter((path) =>
    /secret\w*$|name$/i.test(path),
  );
  const ofSecrets = naming.filter((path) => path.endsWith(".secretName"));
  expect(ofSecrets).toStrictEqual(paths.map((path) => `.spec.dependencies[].${path.join(".")}`));
  // A reference under another field's name would not be found: these are all names that there are.
  const others = naming.filter((path) => !ofSecrets.includes(path) && path.startsWith(".spec"));
  expect(others.filter((path) => !path.endsWith(".tls.caSecret"))).toStrictEqual([
    ".spec.dependencies[].name",
  ]);
  for (const path of paths) {
    expect(spec.variables[0]?.expression).toContain(`?d.?${path.join(".?")}`);
  }
});

/** A dependency in which each field of its slot that names a Secret names one of its own. */
function dependencyWithEverySecret(type: string): {
  dependency: DependencyConfig;
  names: string[];
} {
  const dependency: Record<string, unknown> = { name: "db", type, impact: "Gate" };
  const ofType = paths.filter(([slot]) => slot === type);
  const names = ofType.map((path) => {
    const name = path.join("-").toLowerCase();
    const parent = path.slice(0, -1).reduce<Record<string, unknown>>((object, field) => {
      object[field] ??= {};
      return object[field] as Record<string, unknown>;
    }, dependency);
    Object.assign(parent, { secretName: name, key: "k", usernameKey: "u", passwordKey: "p" });
    return name;
  });
  return { dependency: dependency as unknown as DependencyConfig, names };
}

test.each(DEPENDENCY_TYPES)(
  "%s: the Secrets that the rule reads are those that pods mount",
  (type) => {
    const { dependency, names } = dependencyWithEverySecret(type);
    const mounted = new Set(secretKeys(dependency).map(({ secretName }) => secretName));
    expect([...mounted].sort()).toStrictEqual(names.sort());
  },
);

test("no field names a namespace: Secrets are those of the policy's own", () => {
  const naming = fields(openApiSchema(HEALTH_POLICY), "").filter(
    (path) => path.startsWith(".spec.dependencies") && /namespace/i.test(path),
  );
  expect(naming).toEqual([]);
});

test("each place in the list has its rule, with a text of its own", () => {
  expect(spec.validations).toHaveLength(MAX_DEPENDENCIES);
  expect(new Set(spec.validations.map(({ message }) => message)).size).toBe(MAX_DEPENDENCIES);
  spec.validations.forEach(({ expression }, index) => {
    expect(expression).toMatch(
      new RegExp(`<= ${index} \\|\\| variables.secretNames\\[${index}\\]`),
    );
  });
});

test("no type can name more Secrets in one dependency than the budget allows to check", () => {
  // The schema refuses connectionString beside credentials.
  const withoutAlternative = paths.filter((path) => !path.includes("connectionString"));
  const types = withoutAlternative.map(([type]) => type);
  for (const type of types) expect(types.filter((each) => each === type).length).toBeLessThan(3);
});

test("it looks at each policy that is created and at each change of a specification", () => {
  const { validations: _, variables: __, ...rest } = secretAccessSpec();
  expect(rest).toStrictEqual({
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ["healthpolicy.dev"],
          apiVersions: ["v1alpha1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["healthpolicies"],
        },
      ],
    },
    matchConditions: [
      {
        name: "specification-changes",
        expression: "request.operation == 'CREATE' || object.spec != oldObject.spec",
      },
    ],
  });
});
