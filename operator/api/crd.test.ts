import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import type { CelRule } from "./cel.ts";
import { MAX_LABEL_KEY_LENGTH } from "./cel-selector.ts";
import { openApiSchema, type StructuralSchema } from "./crd.ts";
import { CLUSTER_HEALTH_POLICY, HEALTH_POLICY, RESOURCES, type Resource } from "./resources.ts";
import { celRefusals } from "./testing/cel-refusals.ts";
import { DEPENDENCY_TYPES } from "./v1alpha1-dependency.ts";

const INVALID = join(import.meta.dirname, "testdata/invalid");
const CORRECTED = join(import.meta.dirname, "testdata/corrected");

/** A part of the schema: where it stands, and the one that holds it. */
interface Part {
  path: string;
  node: StructuralSchema;
  parent: StructuralSchema | undefined;
}

/** Every part of a schema. `[]` stands for the entries of a list, `{}` for the values of a map. */
function partsOf(path: string, node: StructuralSchema, parent?: StructuralSchema): Part[] {
  const { properties = {}, items, additionalProperties } = node;
  return [
    { path, node, parent },
    ...Object.entries(properties).flatMap(([name, child]) =>
      partsOf(`${path}.${name}`, child, node),
    ),
    ...(items ? partsOf(`${path}[]`, items, node) : []),
    ...(typeof additionalProperties === "object"
      ? partsOf(`${path}{}`, additionalProperties, node)
      : []),
  ];
}

const SCHEMAS = new Map(RESOURCES.map((resource) => [resource, openApiSchema(resource)]));
/** Made once: to make one takes as long as to put a hundred policies to its rules. */
const schemaOf = (resource: Resource) => SCHEMAS.get(resource) as StructuralSchema;

const PARTS = RESOURCES.flatMap((resource) => partsOf(resource.kind, schemaOf(resource)));
/** Without apiVersion and kind, of which the API server lets through one value, and metadata, which is its own. */
const OURS = PARTS.filter(({ path }) => /^\w+\.(spec|status)/.test(path));
const rulesOf = (node: StructuralSchema | undefined) =>
  (node?.["x-kubernetes-validations"] ?? []) as CelRule[];
const holds = (node: StructuralSchema | undefined, text: string) =>
  rulesOf(node).some(({ rule }) => rule.includes(text));

/** Both bounds of a number: as keywords, in its own rule, or in a rule of the object that holds it. */
function hasRange({ path, node, parent }: Part): boolean {
  if (Number.isFinite(node.minimum) && Number.isFinite(node.maximum)) return true;
  const field = `self.${path.slice(path.lastIndexOf(".") + 1)}`;
  return [[node, "self"] as const, [parent, field] as const].some(
    ([owner, name]) => holds(owner, `${name} >= `) && holds(owner, `${name} <= `),
  );
}

/** What has no bound, in words; undefined when it is bounded. */
function whyUnbounded(part: Part): string | undefined {
  const { node, path } = part;
  if (node["x-kubernetes-int-or-string"]) return whyUnboundedNumberOrText(part);
  switch (node.type) {
    case "string":
      return node.enum || Number.isInteger(node.maxLength) ? undefined : `${path}: no maxLength`;
    case "array":
      return Number.isInteger(node.maxItems) ? undefined : `${path}: no maxItems`;
    case "integer":
      return hasRange(part) ? undefined : `${path}: no range`;
    case "boolean":
      return undefined;
    case "object":
      return whyUnboundedMap(part);
    default:
      return `${path}: type ${node.type} has no bound that this test knows`;
  }
}

function whyUnboundedNumberOrText(part: Part): string | undefined {
  const bounded = hasRange(part) && Number.isInteger(part.node.maxLength);
  return bounded ? undefined : `${part.path}: no range or no maxLength`;
}

function whyUnboundedMap({ node, path }: Part): string | undefined {
  if (node.additionalProperties === undefined) {
    return node.properties ? undefined : `${path}: an object without fields`;
  }
  if (!Number.isInteger(node.maxProperties)) return `${path}: no maxProperties`;
  return holds(node, "self.all(key, key.size() <= ") ? undefined : `${path}: keys of any length`;
}

const unbounded = (schema: StructuralSchema) =>
  partsOf("", schema)
    .map(whyUnbounded)
    .filter((why) => why !== undefined);

/**
 * The most characters that a value can have in its strings, numbers left out. A dependency has one type,
 * so of its slots the largest counts.
 */
function mostCharacters(node: StructuralSchema): number {
  const longest = (texts: unknown[]) => Math.max(...texts.map((text) => String(text).length));
  if (node["x-kubernetes-int-or-string"]) return Number(node.maxLength);
  if (node.type === "string") return node.enum ? longest(node.enum) : Number(node.maxLength);
  if (node.items) return Number(node.maxItems) * mostCharacters(node.items);
  if (typeof node.additionalProperties === "object") {
    const each = MAX_LABEL_KEY_LENGTH + mostCharacters(node.additionalProperties);
    return Number(node.maxProperties) * each;
  }
  const fields = Object.entries(node.properties ?? {});
  const isSlot = (name: string) => (DEPENDENCY_TYPES as readonly string[]).includes(name);
  const sizes = (wanted: boolean) =>
    fields.filter(([name]) => isSlot(name) === wanted).map(([, child]) => mostCharacters(child));
  return sizes(false).reduce((sum, size) => sum + size, 0) + Math.max(0, ...sizes(true));
}

const fieldOf = (resource: Resource, name: string) =>
  schemaOf(resource).properties?.[name] as StructuralSchema;

describe("the schema", () => {
  test.each(PARTS)("$path is structural", ({ node }) => {
    expect(typeof node.type).toBe(node["x-kubernetes-int-or-string"] ? "undefined" : "string");
    for (const keyword of ["anyOf", "oneOf", "allOf", "$ref", "additionalProperties"]) {
      if (keyword !== "additionalProperties" || node.type !== "object" || node.properties) {
        expect(node).not.toHaveProperty(keyword);
      }
    }
  });

  test.each(OURS.filter(({ path }) => !path.endsWith("[]")))("$path is described", ({ node }) => {
    expect(node.description ?? "").not.toBe("");
  });

  test("says of every list how server-side apply merges it", () => {
    const lists = OURS.filter(({ node }) => node.type === "array");
    const silent = lists.filter(({ node }) => !node["x-kubernetes-list-type"]);
    expect(silent.map(({ path }) => path)).toStrictEqual([]);
  });

  test.each(RESOURCES)("of $kind bounds every string, list, map, key and number", (resource) => {
    const fields = ["spec", "status"].map((name) => fieldOf(resource, name));
    expect(fields.flatMap(unbounded)).toStrictEqual([]);
  });

  test.each<[string, StructuralSchema, string]>([
    ["string", { type: "string" }, "no maxLength"],
    ["string with a format", { type: "string", format: "date-time" }, "no maxLength"],
    [
      "number or text",
      { "x-kubernetes-int-or-string": true, maxLength: 1 },
      "no range or no maxLength",
    ],
    ["list", { type: "array", items: { type: "boolean" } }, "no maxItems"],
    ["number", { type: "integer", minimum: 1 }, "no range"],
    ["map", { type: "object", additionalProperties: { type: "string", maxLength: 1 } }, "no maxP"],
    [
      "key",
      {
        type: "object",
        maxProperties: 1,
        additionalProperties: { type: "string", maxLength: 1 },
      },
      "keys of any length",
    ],
    ["object", { type: "object" }, "an object without fields"],
    ["value of a kind that is new here", { type: "number" }, "type number has no bound"],
  ])("and a %s without a bound is found", (_, node, why) => {
    const schema = { type: "object", properties: { field: node } };
    expect(unbounded(schema)[0]).toContain(why);
  });

  test.each(RESOURCES)(
    "of $kind lets nobody store one whose strings have more than 64 KiB of characters",
    (resource) => {
      expect(mostCharacters(fieldOf(resource, "spec"))).toBeLessThan(65_536);
      expect(mostCharacters(fieldOf(resource, "status"))).toBeLessThan(65_536);
    },
  );

  test("has no default but of a status that nobody has looked at yet, and of enforcement", () => {
    // One that the server fills into a list keeps Argo CD from ever being in sync; and what a cluster's
    // defaults may set has to stay unset.
    const defaults = PARTS.filter(({ node }) => "default" in node);
    expect(defaults.map(({ path, node }) => [path, node.default])).toStrictEqual([
      ["HealthPolicy.status", { observedGeneration: -1 }],
      ["ClusterHealthPolicy.spec.standards.enforcement", "Audit"],
      ["ClusterHealthPolicy.status", { observedGeneration: -1 }],
    ]);
  });
});

/** Paths at which two values differ, at the level where one of them ends. */
function differences(left: unknown, right: unknown, path = ""): string[] {
  const both = [left, right];
  if (!both.every((side) => typeof side === "object" && side !== null)) {
    return Object.is(left, right) ? [] : [path];
  }
  const [a, b] = both as Record<string, unknown>[];
  const keys = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  return [...keys].flatMap((key) => differences(a?.[key], b?.[key], `${path}.${key}`));
}

/** Bad examples that no rule refuses, because the API server does not come to the rules. */
const SAID_BY_THE_SCHEMA = {
  "port-as-text.yaml": "A wrong type ends the check before any rule is looked at.",
};

describe.each(readdirSync(INVALID))("the bad example %s", (file) => {
  const text = readFileSync(join(INVALID, file), "utf8");
  const corrected = parse(readFileSync(join(CORRECTED, file), "utf8"));
  const { kind } = corrected;
  const resource = RESOURCES.find((one) => one.kind === kind) as Resource;

  test("differs from its corrected twin at one place", () => {
    expect(differences(parse(text), corrected)).toHaveLength(1);
  });

  test("is refused by the rules of the CRD, with that message and no other", () => {
    if (Object.hasOwn(SAID_BY_THE_SCHEMA, file)) {
      expect(resource.schema.safeParse(parse(text)).success).toBe(false);
      expect(text).toMatch(/^# Error from server: .*expected numeric/);
      return;
    }
    const { name } = parse(text).metadata;
    const said = celRefusals(schemaOf(resource), parse(text)).map(
      (line) => `# The ${kind} "${name}" is invalid: ${line}`,
    );
    expect(said).toStrictEqual([text.split("\n")[0]]);
  });

  test("its twin is accepted by the rules of the CRD", () => {
    expect(celRefusals(schemaOf(resource), corrected)).toStrictEqual([]);
  });

  test("its twin fits the types that the programs use", () => {
    expect(resource.schema.safeParse(corrected).error).toBeUndefined();
  });
});

test("every bad example has a twin and the other way round", () => {
  expect(readdirSync(CORRECTED)).toStrictEqual(readdirSync(INVALID));
});

describe("no message brings a control character to a terminal:", () => {
  const CONTROL = "\u001b";
  const bad = `x${CONTROL}[2J`;
  const key = { secretName: bad, key: bad };
  const policy = (spec: object) => ({ metadata: { name: "web" }, spec: { selector: {}, ...spec } });
  /** Every text of a policy that has no limit of its own alphabet in the schema, bad in each place. */
  const BAD = policy({
    selector: {
      // The path of a bad value names its key, and that is the API server's own text.
      matchLabels: { [bad]: "web", app: bad },
      matchExpressions: [{ key: bad, operator: "In" }],
    },
    dependencies: [
      { name: bad },
      { name: `${bad}2`, memcached: { servers: [{ host: bad }] } },
      {
        name: "db",
        postgresql: {
          host: bad,
          database: bad,
          credentials: { secretName: bad, usernameKey: bad, passwordKey: bad },
          connectionString: key,
          tls: { caSecret: key },
          query: bad,
        },
      },
      {
        name: "cache",
        redis: {
          host: bad,
          credentials: { secretName: bad, usernameKey: bad },
          connectionString: key,
        },
      },
      { name: "mail", tcp: { host: bad, port: 25 } },
      { name: "api", http: { host: bad, path: bad, hostHeader: bad, tls: { caSecret: key } } },
    ],
    timing: { connectTimeout: bad, checkTimeout: bad, interval: bad },
    fleet: { maxUnready: bad },
    sidecar: {
      resources: { requests: { cpu: bad, memory: bad }, limits: { cpu: bad, memory: bad } },
    },
  });

  test("every text of a policy", () => {
    const said = celRefusals(schemaOf(HEALTH_POLICY), BAD);
    expect(said.length).toBeGreaterThan(20);
    expect(said.filter((line) => line.includes(CONTROL))).toStrictEqual([]);
    expect(said.filter((line) => line.endsWith(": "))).toStrictEqual([]);
  });

  test("every text of a cluster policy", () => {
    const said = celRefusals(schemaOf(CLUSTER_HEALTH_POLICY), {
      metadata: { name: "standard" },
      spec: {
        namespaceSelector: { matchLabels: { [bad]: "shop", team: bad } },
        defaults: { timing: { connectTimeout: bad, checkTimeout: bad, interval: bad } },
        standards: { livenessProbe: { forbiddenPaths: [bad] } },
      },
    });
    expect(said).toHaveLength(6);
    expect(said.filter((line) => line.includes(CONTROL))).toStrictEqual([]);
    expect(said.filter((line) => line.endsWith(": "))).toStrictEqual([]);
  });
});
