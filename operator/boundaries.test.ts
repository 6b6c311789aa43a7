/**
 * Which folder may import which. {webhook, controller} -> inject -> api <- sidecar; webhook and
 * controller listen by way of http; controller and sidecar dial by the rules of addresses; what others can make
 * either program hold is bounded by bounds; cmd wires all.
 * Judged is every file but tests and fixtures. Those may reach anywhere; a fixture lives in a folder
 * `testing/`, and no other file may import it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "@jest/globals";

const OPERATOR = import.meta.dirname;

/** What a folder may import besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  api: [],
  inject: ["api"],
  bounds: [],
  http: ["bounds"],
  addresses: [],
  webhook: ["http", "bounds", "inject", "api"],
  controller: ["http", "bounds", "addresses", "inject", "api"],
  sidecar: ["bounds", "addresses", "api"],
  cmd: ["api", "inject", "webhook", "controller", "sidecar"],
};

/** What of `api/` runs in every pod; the rest brings the schema library. */
const API_FOR_SIDECAR = [
  "limits",
  "metric",
  "name-patterns",
  "names",
  "reasons",
  "timing",
  "policy-file",
  "sidecar-metrics",
  "wire-text",
].map((n) => `api/${n}.ts`);

/** Packages that some folder may not use, not even for a type. */
const FORBIDDEN_PACKAGES: Record<string, RegExp> = {
  api: /^(?!zod$|yaml$|node:(crypto|path|url)$)/,
  inject: /^(?!node:crypto$)/,
  bounds: /^(?!node:net$)/,
  http: /^(?!node:(http|net|stream|tls)$)/,
  addresses: /^(?!node:net$)/,
  webhook: /^@kubernetes\//,
  sidecar: /^(zod|pino|express|prom-client|reflect-metadata|@kubernetes\/|@peculiar\/)/,
};

interface Import {
  /** A path below `operator/`, or the name of a package. */
  to: string;
  /** Erased before the program runs. */
  typeOnly: boolean;
}

/** By path below `operator/`, such as `api/names.ts`. */
type Imports = ReadonlyMap<string, readonly Import[]>;

const STATEMENT = /^(?:import|export)\s+(type\s)?[^;"']*?from\s+["']([^"']+)["']/gm;
const SIDE_EFFECT = /^import\s+["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

/** The imports of a file with this text. */
function importsOf(file: string, text: string): Import[] {
  const to = (name: string) => (name.startsWith(".") ? join(dirname(file), name) : name);
  return [
    ...[...text.matchAll(STATEMENT)].map(([, type, name = ""]) => ({
      to: to(name),
      typeOnly: type !== undefined,
    })),
    ...[...text.matchAll(SIDE_EFFECT), ...text.matchAll(DYNAMIC)].map(([, name = ""]) => ({
      to: to(name),
      typeOnly: false,
    })),
  ];
}

function readImports(): Imports {
  const files = readdirSync(OPERATOR, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(OPERATOR, join(entry.parentPath, entry.name)));
  return new Map(
    files.map((file) => [file, importsOf(file, readFileSync(join(OPERATOR, file), "utf8"))]),
  );
}

/** Everything that `start` reaches, files and packages; `start` is the first. */
function reachedFrom(
  start: readonly string[],
  imports: Imports,
  follow: (step: Import) => boolean = () => true,
): string[] {
  const reached = new Set(start);
  for (const file of reached) {
    for (const step of imports.get(file) ?? []) if (follow(step)) reached.add(step.to);
  }
  return [...reached];
}

const folderOf = (file: string) => file.slice(0, file.indexOf("/"));
const isOurs = (to: string, imports: Imports) => imports.has(to) || to.endsWith(".ts");
const isTestCode = (to: string) => /(\.test\.ts|\/testing\/|^@jest\/)/.test(to);

function whyWrong(from: string, { to }: Import, imports: Imports): string | undefined {
  const folder = folderOf(from);
  if (isTestCode(to)) return "only a test or a fixture may use a fixture";
  if (!isOurs(to, imports)) {
    return FORBIDDEN_PACKAGES[folder]?.test(to) ? `${folder} may not use it` : undefined;
  }
  const target = folderOf(to);
  if (target !== folder && !MAY_IMPORT[folder]?.includes(target)) {
    return `${folder} may not import ${target}`;
  }
  const forSidecar = target !== "api" || API_FOR_SIDECAR.includes(to);
  return folder === "sidecar" && !forSidecar ? "it is not made for the sidecar" : undefined;
}

/** One sentence for each import that goes the wrong way. */
function violations(imports: Imports): string[] {
  return [...imports.keys()]
    .filter((file) => file.includes("/") && !isTestCode(file))
    .flatMap((from) =>
      (imports.get(from) ?? []).flatMap((step) => {
        const why = whyWrong(from, step, imports);
        return why === undefined ? [] : [`${from} imports ${step.to}: ${why}`];
      }),
    );
}

/** Folders that reach themselves through others. */
function foldersInCycles(arrows: Readonly<Record<string, readonly string[]>>): string[] {
  const asImports: Imports = new Map(
    Object.entries(arrows).map(([from, targets]) => [
      from,
      targets.map((to) => ({ to, typeOnly: false })),
    ]),
  );
  return Object.entries(arrows)
    .filter(([from, targets]) => reachedFrom(targets, asImports).includes(from))
    .map(([from]) => from);
}

const imports = readImports();

test("every import goes the way that the architecture says", () => {
  expect(violations(imports)).toStrictEqual([]);
});

test("every folder is known, and no two lead to each other", () => {
  const folders = new Set([...imports.keys()].filter((file) => file.includes("/")).map(folderOf));
  expect([...folders].sort()).toStrictEqual(Object.keys(MAY_IMPORT).sort());
  expect(foldersInCycles(MAY_IMPORT)).toStrictEqual([]);
});

test("every import leads to a file", () => {
  const lost = [...imports].flatMap(([from, steps]) =>
    steps
      .filter(({ to }) => to.endsWith(".ts") && !to.startsWith("..") && !imports.has(to))
      .map(({ to }) => `${from} -> ${to}`),
  );
  expect(lost).toStrictEqual([]);
});

test("the sidecar's program loads no package at all", () => {
  const loaded = reachedFrom(["cmd/sidecar.ts"], imports, ({ typeOnly }) => !typeOnly);
  const packages = loaded.filter((to) => !isOurs(to, imports) && !to.startsWith("node:"));
  expect(packages).toStrictEqual([]);
});

test("checks start TLS in the one file that bounds what servers send for it", () => {
  const startsTls = ({ to, typeOnly }: Import) => !typeOnly && /^node:(tls|https|http2)$/.test(to);
  const files = [...imports.keys()].filter(
    (file) =>
      file.startsWith("sidecar/") && !isTestCode(file) && imports.get(file)?.some(startsTls),
  );
  expect(files).toStrictEqual(["sidecar/checks/tls/start-tls.ts"]);
});

describe("a wrong import is found:", () => {
  const CASES: [string, string, string, string][] = [
    ["upwards", "api/names.ts", 'import { a } from "../inject/a.ts";', "api may not import inject"],
    [
      "sideways, for a type, over several lines",
      "webhook/a.ts",
      'import type {\n  A,\n} from "../controller/a.ts";',
      "webhook may not import controller",
    ],
    [
      "of the schema by the sidecar",
      "sidecar/a.ts",
      'import { a } from "../api/v1alpha1.ts";',
      "it is not made for the sidecar",
    ],
    [
      "of zod by the sidecar",
      "sidecar/a.ts",
      'const z = await import("zod");',
      "sidecar may not use it",
    ],
    ["of I/O by injection", "inject/a.ts", 'import "node:fs";', "inject may not use it"],
    [
      "of the client by the webhook",
      "webhook/a.ts",
      'export { a } from "@kubernetes/client-node";',
      "webhook may not use it",
    ],
    [
      "of a fixture by code that ships",
      "webhook/a.ts",
      'import { a } from "./testing/a.ts";',
      "only a test or a fixture may use a fixture",
    ],
  ];

  test.each(CASES)("%s", (_, file, text, why) => {
    const graph: Imports = new Map([
      ["cmd/operator.ts", [{ to: file, typeOnly: false }]],
      [file, importsOf(file, text)],
    ]);
    expect(violations(graph)).toStrictEqual([expect.stringContaining(why)]);
  });

  test("a circle of folders", () => {
    expect(foldersInCycles({ a: ["b"], b: ["c"], c: ["a"], d: ["a"] })).toStrictEqual([
      "a",
      "b",
      "c",
    ]);
  });
});
