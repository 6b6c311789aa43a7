import { join } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { expectGolden } from "./expect-golden.ts";
import { CHART, HELM_TIMEOUT_MS, helm, only, render, renderText } from "./helm.ts";
import { VALUES_FILES } from "./values-files.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

/** Without the resource definitions: they are generated, and a change of the schema is no change of the chart. */
function withoutDefinitions(text: string): string {
  return text
    .split(/^---\n/m)
    .filter((document) => !/^kind: CustomResourceDefinition$/m.test(document))
    .join("---\n");
}

test.each(VALUES_FILES)("gives the golden objects with the values $name", ({ name, path }) => {
  const text = renderText("--values", path);
  expectGolden(join(CHART, `tests/testdata/${name}.yaml`), withoutDefinitions(text));
});

describe("the resource definitions", () => {
  const definitions = (...args: string[]) =>
    render(...args).filter(({ kind }) => kind === "CustomResourceDefinition");

  test("are installed and survive the release, unless told otherwise", () => {
    // Argo CD goes by its own annotation where it prunes.
    const annotations = {
      "argocd.argoproj.io/sync-options": "Prune=false",
      "helm.sh/resource-policy": "keep",
    };
    expect(definitions().map(({ metadata }) => metadata)).toStrictEqual([
      { name: "clusterhealthpolicies.healthpolicy.dev", annotations },
      { name: "healthpolicies.healthpolicy.dev", annotations },
    ]);
  });

  test.each([
    ["ServerSideApply=true", "ServerSideApply=true,Prune=false"],
    // After a bare comma --set reads another value.
    ["ServerSideApply=true\\,Replace=true", "ServerSideApply=true,Replace=true,Prune=false"],
    ["ServerSideApply=true\\,Prune=confirm", "ServerSideApply=true,Prune=confirm"],
    ["PruneLast=true", "PruneLast=true,Prune=false"],
    ["", "Prune=false"],
  ])("have Argo CD's options %j and are not pruned, unless those say so", (asked, options) => {
    const values = ["--set", `crds.annotations.argocd\\.argoproj\\.io/sync-options=${asked}`];
    for (const { metadata } of definitions(...values)) {
      expect(metadata["annotations" as never]).toStrictEqual({
        "argocd.argoproj.io/sync-options": options,
        "helm.sh/resource-policy": "keep",
      });
    }
  });

  test("have the annotations that are asked for, before those of crds.keep", () => {
    const values = ["--set", "crds.annotations.helm\\.sh/resource-policy=other"];
    for (const { metadata } of definitions(...values)) {
      expect(metadata["annotations" as never]).toStrictEqual({
        "argocd.argoproj.io/sync-options": "Prune=false",
        "helm.sh/resource-policy": "other",
      });
    }
  });

  test("have annotations where a values file has nothing after crds.annotations", () => {
    expect(definitions("--set", "crds.annotations=null")).toStrictEqual(definitions());
  });

  test("go with the release where crds.keep is false", () => {
    const values = ["--set", "crds.keep=false", "--set", "crds.annotations.a=b"];
    for (const { metadata } of definitions(...values)) {
      expect(metadata["annotations" as never]).toStrictEqual({ a: "b" });
    }
  });

  test("are left out where crds.install is false", () => {
    expect(definitions("--set", "crds.install=false")).toStrictEqual([]);
  });
});

test("objects keep their names apart under the longest release name", () => {
  const release = "a".repeat(53);
  const { stdout } = helm("template", release, ".");
  const names = [...stdout.matchAll(/^ {2}name: (\S+)$/gm)].map(([, name]) => name ?? "");
  expect(names).toContain(`${"a".repeat(42)}-webhook-certificate`);
  expect(names.filter((name) => name.length > 63)).toStrictEqual([]);
});

test("a release called as a number still gets text for its labels", () => {
  const { stdout } = helm("template", "2026", ".", "--show-only=templates/deployment.yaml");
  expect(stdout).toContain('app.kubernetes.io/instance: "2026"');
  expect(stdout).not.toMatch(/app.kubernetes.io\/instance: 2026/);
});

test("an old Kubernetes is refused, a vendor's version is not", () => {
  const at = (version: string) => helm("template", "x", ".", `--kube-version=${version}`);
  expect(at("1.30.9").stderr).toContain("chart requires kubeVersion: >=1.31.0-0");
  expect(at("1.31.0-gke.100").ok).toBe(true);
});

test("the images follow the chart's version where no tag is set", () => {
  const [container] = only(render(), "Deployment").spec.template.spec.containers;
  const version = /^appVersion: (.*)$/m.exec(helm("show", "chart", ".").stdout)?.[1];
  expect(container.image).toBe(`healthpolicy/operator:${version}`);
});
