/** `make test KUBERNETES=1.33` must reach a cluster of that version, and never the one of another. */
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const FOLDER = join(import.meta.dirname, "e2e/cluster");
const MODULES = join(FOLDER, "node-image/kubernetes");
const TOOLS = join(import.meta.dirname, "../.tools");
const VERSIONS = readdirSync(MODULES).filter((name) => /^\d/.test(name));

/** What a script sees that sources settings.sh, with these variables set. */
function settings(set: Record<string, string>): Record<string, string> {
  const { HEALTHPOLICY_TEST_CLUSTER: _cluster, KUBERNETES: _version, ...rest } = process.env;
  const names = ["cluster", "node", "kubeconfig", "kubernetes_version", "kubectl_folder", "PATH"];
  const script = `source ${FOLDER}/settings.sh && for name in ${names.join(" ")}; do echo "\${!name}"; done`;
  const lines = execFileSync("bash", ["-ec", script], { env: { ...rest, ...set } });
  const values = lines.toString().split("\n");
  return Object.fromEntries(names.map((name, index) => [name, values[index] as string]));
}

describe.each(VERSIONS)("Kubernetes %s", (version) => {
  const read = (file: string) => readFileSync(join(MODULES, version, file), "utf8");
  const exact = settings({ KUBERNETES: version }).kubernetes_version as string;

  test("is built from modules of that version, each with its hash", () => {
    expect(exact).toMatch(new RegExp(`^v${version.replace(".", "\\.")}\\.\\d+$`));
    expect(read("go.sum")).toContain(`k8s.io/kubernetes ${exact} h1:`);
    const others = read("go.mod").match(/^\tk8s\.io\/(?:api|apiserver|kubelet) .*$/gm) ?? [];
    expect(others.length).toBeGreaterThan(1);
    for (const line of others) expect(line).toContain(` ${exact.replace("v1.", "v0.")}`);
  });

  test("has its own kubectl before all others", () => {
    const { PATH, kubectl_folder: folder } = settings({ KUBERNETES: version });
    expect(folder).toBe(join(TOOLS, `kubectl-${version}`));
    expect(PATH?.split(":")[0]).toBe(folder);
  });
});

test("the cluster is called healthpolicy, one of another version after its version too", () => {
  expect(settings({})).toMatchObject({
    cluster: "healthpolicy",
    node: "healthpolicy-control-plane",
    kubeconfig: join(TOOLS, "kubeconfig"),
  });
  expect(settings({ KUBERNETES: "1.33" })).toMatchObject({
    cluster: "healthpolicy-1-33",
    node: "healthpolicy-1-33-control-plane",
    kubeconfig: join(TOOLS, "kubeconfig-healthpolicy-1-33"),
  });
});

test("the name that is given holds for any version", () => {
  const set = { KUBERNETES: "1.33", HEALTHPOLICY_TEST_CLUSTER: "healthpolicy-1-33-second" };
  expect(settings(set)).toMatchObject({
    cluster: "healthpolicy-1-33-second",
    kubeconfig: join(TOOLS, "kubeconfig-healthpolicy-1-33-second"),
  });
});

test("a version that is not there is refused, and nothing is printed that points at a cluster", () => {
  const { status, stdout, stderr } = spawnSync(join(FOLDER, "env.sh"), {
    env: { ...process.env, KUBERNETES: "1.30" },
    encoding: "utf8",
  });
  expect({ status, stdout }).toStrictEqual({ status: 1, stdout: "" });
  expect(stderr).toBe(`KUBERNETES=1.30 cannot be built; write one of: ${VERSIONS.join(" ")}\n`);
});

test("docs/platforms.md names the default version as the one on which everything is run", () => {
  const { kubernetes_version: version } = settings({}) as { kubernetes_version: string };
  const platforms = readFileSync(join(import.meta.dirname, "../docs/platforms.md"), "utf8");
  const minor = version.replace(/^v(\d+\.\d+)\..*$/, "$1");
  expect(platforms).toMatch(
    new RegExp(`^\\| ${version.slice(1)} +\\| everything: the default`, "m"),
  );
  expect(platforms).toContain(`(Kubernetes ${minor} in kind,`);
});
