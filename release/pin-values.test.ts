import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parse } from "yaml";
import { CHART, HELM_TIMEOUT_MS, helm } from "../chart/tests/helm.ts";
import { pinValues } from "./pin-values.ts";

const VALUES = readFileSync(join(CHART, "values.yaml"), "utf8");
const IMAGES = {
  registry: "registry.example.com/team",
  operator: `sha256:${"a".repeat(64)}`,
  sidecar: `sha256:${"b".repeat(64)}`,
};

test(
  "the released chart installs the images of its release, by digest",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "healthpolicy-pinned-"));
    try {
      cpSync(CHART, folder, { recursive: true });
      writeFileSync(join(folder, "values.yaml"), pinValues(VALUES, IMAGES));
      const { stdout } = helm("template", folder);
      // Where both stand, the digest decides.
      const { version } = parse(readFileSync(join(CHART, "Chart.yaml"), "utf8"));
      const name = (program: "operator" | "sidecar") =>
        `${IMAGES.registry}/healthpolicy/${program}:${version}@${IMAGES[program]}`;
      expect(stdout).toContain(`image: ${name("operator")}\n`);
      expect(stdout).toContain(`"${name("sidecar")}"`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  HELM_TIMEOUT_MS,
);

test("nothing else of the values changes", () => {
  const pinned = pinValues(VALUES, IMAGES);
  const { image, sidecar, ...rest } = parse(pinned);
  const before = parse(VALUES);
  expect({ ...before, ...rest }).toStrictEqual(before);
  expect(image).toStrictEqual({
    ...before.image,
    registry: IMAGES.registry,
    digest: IMAGES.operator,
  });
  expect(sidecar).toStrictEqual({
    ...before.sidecar,
    image: { ...before.sidecar.image, registry: IMAGES.registry, digest: IMAGES.sidecar },
  });
  const comments = (text: string) => text.match(/^ *#.*$/gm);
  expect(comments(pinned)).toEqual(comments(VALUES));
});

test("values that name an image already, or none, are refused", () => {
  expect(() => pinValues(pinValues(VALUES, IMAGES), IMAGES)).toThrow("no empty registry");
  expect(() => pinValues("replicaCount: 2\n", IMAGES)).toThrow("no empty registry");
  // The next block's is not this block's.
  expect(() => pinValues('image:\n  tag: ""\nother:\n  registry: ""\n', IMAGES)).toThrow(
    "no empty registry",
  );
});

test("what is no digest or no registry does not get into the values", () => {
  expect(() => pinValues(VALUES, { ...IMAGES, sidecar: "latest" })).toThrow("not a digest: latest");
  expect(() => pinValues(VALUES, { ...IMAGES, registry: "a\nb: c" })).toThrow("not a registry");
});
