import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { openApiSchema, type StructuralSchema } from "./crd.ts";
import { healthPolicySchema } from "./v1alpha1.ts";

const INVALID = join(import.meta.dirname, "testdata/invalid");
const CORRECTED = join(import.meta.dirname, "testdata/corrected");

/** Every node of a schema with its path. */
function nodesOf(path: string, node: StructuralSchema): [string, StructuralSchema][] {
  const children = Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    nodesOf(`${path}.${name}`, child),
  );
  return [[path, node], ...children, ...(node.items ? nodesOf(`${path}[]`, node.items) : [])];
}

const NODES = nodesOf("", openApiSchema());
const ours = NODES.filter(([path]) => /^\.(spec|status)/.test(path));

describe("the schema", () => {
  test.each(NODES)("%s is structural", (_path, node) => {
    expect(typeof node.type).toBe("string");
    for (const keyword of ["anyOf", "oneOf", "allOf", "$ref", "additionalProperties"]) {
      if (keyword !== "additionalProperties" || node.type !== "object" || node.properties) {
        expect(node).not.toHaveProperty(keyword);
      }
    }
  });

  test.each(ours)("%s is described", (path, node) => {
    if (!path.endsWith("[]")) expect(node.description ?? "").not.toBe("");
  });

  test.each(ours)("%s is bounded", (_path, node) => {
    if (node.type === "array") expect(node).toHaveProperty("maxItems");
    if (node.type === "string" && !node.enum && node.format === undefined) {
      expect(node).toHaveProperty("maxLength");
    }
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

describe.each(readdirSync(INVALID))("the bad example %s", (file) => {
  const text = readFileSync(join(INVALID, file), "utf8");
  const corrected = parse(readFileSync(join(CORRECTED, file), "utf8"));

  test("states the whole message in its first line", () => {
    expect(text.split("\n")[0]).toMatch(
      /^# (The HealthPolicy "w+eb"|The HealthPolicy "w+"|Error from server)/,
    );
  });

  test("differs from its corrected twin at one place", () => {
    expect(differences(parse(text), corrected)).toHaveLength(1);
  });

  test("its twin fits the types that the programs use", () => {
    expect(healthPolicySchema.safeParse(corrected).error).toBeUndefined();
  });
});

test("every bad example has a twin and the other way round", () => {
  expect(readdirSync(CORRECTED)).toStrictEqual(readdirSync(INVALID));
});
