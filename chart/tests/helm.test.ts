import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, jest, test } from "@jest/globals";
import { CHART, HELM_TIMEOUT_MS, helm, only, render } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

test("these tests run Helm 4, the version that installs the chart", () => {
  expect(helm("version", "--template={{.Version}}").stdout).toMatch(/^v4\./);
});

test("a kind that is rendered twice, or never, is not taken for one object", () => {
  const manifests = render();
  expect(() => only(manifests, "Service")).toThrow("the chart renders 2");
  expect(() => only(manifests, "DaemonSet")).toThrow("the chart renders 0");
});

test("the package holds the chart without its tests", () => {
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-chart-"));
  try {
    const { stdout } = helm("package", ".", `--destination=${folder}`);
    const archive = stdout.trim().split(" ").at(-1) ?? "";
    const content = gunzipSync(readFileSync(archive));
    expect(content.includes("healthpolicy/values.schema.json")).toBe(true);
    for (const left of ["tests/", "ci/"]) {
      expect([left, content.includes(`healthpolicy/${left}`)]).toStrictEqual([left, false]);
    }
    expect(helm("template", "x", archive).stdout).toBe(helm("template", "x", ".").stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the chart can be a dependency of another, under its condition", () => {
  const folder = mkdtempSync(join(tmpdir(), "healthpolicy-parent-"));
  try {
    writeFileSync(
      join(folder, "Chart.yaml"),
      [
        "apiVersion: v2",
        "name: parent",
        "version: 1.0.0",
        "dependencies:",
        "  - name: healthpolicy",
        "    version: '*'",
        `    repository: file://${CHART}`,
        "    condition: healthpolicy.enabled",
        "",
      ].join("\n"),
    );
    const parent = (enabled: boolean) =>
      helm(
        "template",
        "x",
        folder,
        "--dependency-update",
        `--set=healthpolicy.enabled=${enabled},global.any=thing`,
      );
    expect(parent(true).stderr).toBe("");
    expect(parent(true).stdout).toContain("kind: Deployment");
    expect(parent(false).stdout).not.toContain("kind: Deployment");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
