/** A dependency type has many places (docs/adding-a-dependency.md). All of them know the same types. */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse, parseAllDocuments } from "yaml";
import { effectivePolicy } from "../operator/api/effective-policy.ts";
import { type HealthPolicy, healthPolicySchema } from "../operator/api/v1alpha1.ts";
import { DEPENDENCY_TYPES, dependency } from "../operator/api/v1alpha1-dependency.ts";
import { CHECK_TYPES } from "../operator/sidecar/checks/registry.ts";
import { PARSED_TYPES } from "../operator/sidecar/policy-file/parse-slots.ts";

const ROOT = join(import.meta.dirname, "..");
const CHECKS = "operator/sidecar/checks";
/** What of a dependency is no slot. */
const COMMON_FIELDS = ["name", "impact"];
/** Files in `slots/` and folders in `checks/` that several types share. */
const SHARED_SLOT_FILES = ["connection.ts", "database.ts", "tls.ts"];
const SHARED_FOLDERS = ["network", "testing", "tls"];

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const files = (pattern: string) => globSync(pattern, { cwd: ROOT }).sort();
const list = (path: string) => readdirSync(join(ROOT, path), { withFileTypes: true });
const first = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? "");

/** The HealthPolicies in a YAML file, in its documents or in a List. */
function policiesIn(path: string): HealthPolicy[] {
  const objects = parseAllDocuments(read(path)).flatMap((document) => {
    const object = document.toJS();
    return object?.kind === "List" ? object.items : [object];
  });
  return objects.filter((object) => object?.kind === "HealthPolicy");
}

const EXAMPLES = files("examples/**/*.yaml").flatMap(policiesIn);
const MANIFESTS = files("test/e2e/*.yaml").flatMap(policiesIn);
const CORRECTED = files("operator/api/testdata/corrected/*.yaml").flatMap(policiesIn);

/** The types that the dependencies of these policies have, each once. */
function typesIn(policies: HealthPolicy[]): string[] {
  const fields = policies.flatMap(({ spec }) => spec.dependencies.flatMap(Object.keys));
  return [...new Set(fields)].filter((field) => !COMMON_FIELDS.includes(field));
}

function typesOfCrd(): string[] {
  const crd = parse(read("crds/healthpolicy.dev_healthpolicies.yaml"));
  const { properties } = crd.spec.versions[0].schema.openAPIV3Schema;
  return Object.keys(properties.spec.properties.dependencies.items.properties);
}

/** The test of a type is called after it, and calls the contract once. */
function typesWithContract(): string[] {
  return files(`${CHECKS}/**/*.test.ts`).flatMap((path) => {
    const calls = first(read(path), /^(describeContract\()/gm);
    return calls.map(() => path.split("/").at(-1)?.replace(".test.ts", "") ?? "");
  });
}

/** The types in the first table below the heading about what checks take. */
function typesWithCpu(): string[] {
  const [, section = ""] = read("docs/operations.md").split("### The CPU of checks");
  const [table = ""] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  return first(table, /`(\w+)`/g);
}

const PLACES: [place: string, types: string[]][] = [
  ["the slots of the resource", Object.keys(dependency.shape)],
  ["the CRD", typesOfCrd()],
  [
    "the files of slots",
    list("operator/api/slots")
      .filter(({ name }) => !SHARED_SLOT_FILES.includes(name))
      .map(({ name }) => name.replace(".ts", "")),
  ],
  ["the readers of the policy file", [...PARSED_TYPES]],
  [
    "the folders of checks",
    list(CHECKS)
      .filter((entry) => entry.isDirectory() && !SHARED_FOLDERS.includes(entry.name))
      .map(({ name }) => name),
  ],
  ["the registry of checks", [...CHECK_TYPES]],
  ["the calls of the contract", typesWithContract()],
  ["the policies of the examples", typesIn(EXAMPLES)],
  ["the manifests of the end-to-end tests", typesIn(MANIFESTS)],
  ["the corrected examples", typesIn(CORRECTED)],
  ["the list in README.md", first(read("README.md"), /^\| `([a-z]\w*)` +\|/gm)],
  ["the table of the CPU of checks", typesWithCpu()],
  ["the headings of the page about types", first(read("docs/dependency-types.md"), /^## (\w+)$/gm)],
];

test.each(PLACES)("%s: every type, each once", (_, types) => {
  const ofTypes = types.filter((name) => !COMMON_FIELDS.includes(name));
  expect(ofTypes.sort()).toEqual([...DEPENDENCY_TYPES].sort());
});

describe.each(DEPENDENCY_TYPES)("%s", (type) => {
  test("has its check and its contract in a folder of its name", () => {
    const folder = `${CHECKS}/${type}`;
    expect(existsSync(join(ROOT, folder, `${type}.ts`))).toBe(true);
    expect(existsSync(join(ROOT, folder, `${type}.test.ts`))).toBe(true);
  });

  test("resolves in every example that names it", () => {
    const naming = EXAMPLES.filter((policy) => typesIn([policy]).includes(type));
    for (const policy of naming) {
      const { spec } = healthPolicySchema.parse(policy);
      expect(effectivePolicy({ ...policy, spec })).toHaveProperty(
        "policy.dependencies",
        expect.arrayContaining([expect.objectContaining({ type, [type]: expect.anything() })]),
      );
    }
  });
});
