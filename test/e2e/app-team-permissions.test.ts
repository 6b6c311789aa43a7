import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { KUBECTL, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-app-team-permissions";
const RESOURCE = "healthpolicies.healthpolicy.dev";
const READ = ["get", "list", "watch"];
const WRITE = ["create", "update", "patch", "delete"];

/** What the API server says to somebody who has this role in the namespace alone. */
async function may(role: string, verb: string, ...resource: string[]): Promise<boolean> {
  const question = ["auth", "can-i", verb, ...resource, "-n", NAMESPACE, `--as=who-has-${role}`];
  return (await run("kubectl", question)).stdout.trim() === "yes";
}

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  for (const role of ["view", "edit", "admin"]) {
    const binding = ["create", "rolebinding", role, `--clusterrole=${role}`, "-n", NAMESPACE];
    await kubectl([...binding, `--user=who-has-${role}`]);
    await waitUntil({ what: `${role} to count`, within: STATUS_FOLLOWS }, () =>
      may(role, "get", "pods"),
    );
  }
}, WHOLE_TEST);
afterAll(async () => {
  await kubectl(["delete", "clusterrolebinding", NAMESPACE, "--ignore-not-found"]);
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, KUBECTL);

test.each([
  ["view", READ, WRITE],
  ["edit", [...READ, ...WRITE], []],
  ["admin", [...READ, ...WRITE], []],
])(
  "Kubernetes' own role %s holds for HealthPolicies",
  async (role, allowed, forbidden) => {
    for (const verb of allowed)
      expect([verb, await may(role, verb, RESOURCE)]).toStrictEqual([verb, true]);
    for (const verb of forbidden)
      expect([verb, await may(role, verb, RESOURCE)]).toStrictEqual([verb, false]);
    expect(await may(role, "patch", RESOURCE, "--subresource=status")).toBe(false);
  },
  KUBECTL,
);

test(
  "who has admin in a namespace reads ClusterHealthPolicies once the chart's role for that is bound to him",
  async () => {
    const clusterPolicies = "clusterhealthpolicies.healthpolicy.dev";
    expect(await may("admin", "get", clusterPolicies)).toBe(false);
    const role = "--clusterrole=healthpolicy-standards-reader";
    await kubectl(["create", "clusterrolebinding", NAMESPACE, role, "--user=who-has-admin"]);
    await waitUntil({ what: "the role to count", within: STATUS_FOLLOWS }, () =>
      may("admin", "get", clusterPolicies),
    );
    expect(await may("admin", "list", clusterPolicies)).toBe(true);
    expect(await may("admin", "patch", clusterPolicies)).toBe(false);
  },
  WHOLE_TEST,
);
