import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { parse } from "yaml";
import { healthPolicySchema } from "../../operator/api/v1alpha1.ts";
import { CHART, HELM_TIMEOUT_MS, render } from "./helm.ts";

jest.setTimeout(HELM_TIMEOUT_MS);

const chart = parse(readFileSync(join(CHART, "Chart.yaml"), "utf8"));
const annotation = (name: string) => parse(chart.annotations[`artifacthub.io/${name}`]);

test("chart, programs and package have one version", () => {
  const { version } = JSON.parse(readFileSync(join(CHART, "../package.json"), "utf8"));
  expect([chart.version, chart.appVersion]).toStrictEqual([version, version]);
});

test("the definitions that Artifact Hub shows are those that the chart installs", () => {
  const installed = render()
    .filter(({ kind }) => kind === "CustomResourceDefinition")
    .map(({ metadata, spec }) => ({
      name: metadata.name,
      kind: spec.names.kind,
      versions: spec.versions.map((version: { name: string }) => version.name),
    }));
  const shown = annotation("crds").map((crd: { name: string; kind: string; version: string }) => ({
    name: crd.name,
    kind: crd.kind,
    versions: [crd.version],
  }));
  expect(shown).toStrictEqual(installed);
});

test("the example that Artifact Hub shows is a valid policy", () => {
  const [example] = annotation("crdsExamples");
  expect(healthPolicySchema.safeParse(example).error).toBeUndefined();
  // A misspelt field would pass the schema, which drops what it does not know.
  const { spec } = healthPolicySchema.parse(example);
  expect(spec).toMatchObject(example.spec);
});
