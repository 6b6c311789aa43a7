import { expect, jest, test } from "@jest/globals";
import { HELM_TIMEOUT_MS, helm, NAMESPACE, RELEASE } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

const DIGESTS = ["image", "sidecar.image"].flatMap((image) => [
  "--set",
  `${image}.digest=sha256:${"a".repeat(64)}`,
]);

/** What `helm install` prints at its end. */
function notes(...args: string[]): string {
  const { ok, stdout, stderr } = helm(
    "install",
    RELEASE,
    ".",
    `--namespace=${NAMESPACE}`,
    "--dry-run=client",
    ...args,
  );
  if (!ok) throw new Error(stderr);
  return stdout.slice(stdout.indexOf("NOTES:"));
}

const warnings = (text: string) => [...text.matchAll(/^WARNING: (.*)$/gm)].map(([, line]) => line);

test("name the versions, the images and the next command", () => {
  const text = notes("--set", "image.tag=1.2.3");
  expect(text).toMatch(/HealthPolicy \d+\.\d+\.\d+ \(chart \d+\.\d+\.\d+\) .* healthpolicy-system/);
  expect(text).toContain("operator  healthpolicy/operator:1.2.3\n");
  expect(text).toMatch(/sidecar {3}healthpolicy\/sidecar:\d/);
  expect(text).toContain("kubectl explain healthpolicy.spec");
});

test("warn of images that are not pinned", () => {
  expect(warnings(notes())).toStrictEqual([
    expect.stringContaining("image.digest is not set"),
    expect.stringContaining("sidecar.image.digest is not set"),
  ]);
});

test("warn of one replica and of definitions that go with the release", () => {
  expect(
    warnings(notes(...DIGESTS, "--set", "replicaCount=1", "--set", "crds.keep=false")),
  ).toStrictEqual([
    "replicaCount is 1: while no operator pod is ready, new pods start without the sidecar.",
    "crds.keep is false: uninstalling this release deletes every HealthPolicy in the cluster.",
  ]);
});

test("warn that no NetworkPolicy holds pods with the address of their node", () => {
  const onNode = [...DIGESTS, "--set", "hostNetwork=true"];
  expect(warnings(notes(...onNode))).toStrictEqual([
    expect.stringContaining("hostNetwork is set: no NetworkPolicy is installed"),
  ]);
  expect(warnings(notes(...onNode, "--set", "networkPolicy.enabled=false"))).toStrictEqual([]);
});

test("warn of what is open without the admission policies", () => {
  const off = ["secretAccess", "evictionAccess", "configMaps", "standards"].flatMap((name) => [
    "--set",
    `admissionPolicies.${name}=false`,
  ]);
  expect(warnings(notes(...DIGESTS, ...off))).toStrictEqual([
    "admissionPolicies.secretAccess is false: whoever may write a HealthPolicy in a namespace can make its pods send any Secret there to a host of their choice.",
    "admissionPolicies.evictionAccess is false: whoever may write a HealthPolicy in a namespace can have its pods restarted, one at a time, again and again.",
    "admissionPolicies.configMaps is false: whoever may write ConfigMaps in a namespace can redirect its pods' checks, and nothing but its code keeps the operator from writing other ConfigMaps.",
    "admissionPolicies.standards is false: standards of a ClusterHealthPolicy warn of nothing and refuse nothing, whatever their enforcement says.",
  ]);
});

test("warn of nothing where there is nothing to warn of", () => {
  expect(notes(...DIGESTS)).not.toContain("WARNING");
});
