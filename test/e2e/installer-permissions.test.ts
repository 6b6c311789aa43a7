/** What whoever installs the chart must be allowed beside the objects themselves. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl, run } from "./harness/kubectl.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { KUBECTL, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const INSTALLER = "e2e-installer";
const POLICY = "healthpolicy-standards-warn";
const GROUP = "admissionregistration.k8s.io";
const KINDS = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"];

const removeRoles = async () => {
  await kubectl([
    "delete",
    "clusterrolebinding",
    INSTALLER,
    `${INSTALLER}-reads`,
    "--ignore-not-found",
  ]);
  await kubectl(["delete", "clusterrole", INSTALLER, `${INSTALLER}-reads`, "--ignore-not-found"]);
};

/** Lets the installer use these verbs on resources. */
async function allow(name: string, verbs: string, resource: string): Promise<void> {
  await kubectl(["create", "clusterrole", name, `--verb=${verbs}`, `--resource=${resource}`]);
  await kubectl([
    "create",
    "clusterrolebinding",
    name,
    `--clusterrole=${name}`,
    `--user=${INSTALLER}`,
  ]);
}

/** What the API server says to the installer who makes a copy of one of the chart's objects. */
async function makes(kind: string): Promise<string> {
  const object = JSON.parse((await run("kubectl", ["get", kind, POLICY, "-o", "json"])).stdout);
  const copy = JSON.stringify({ ...object, metadata: { name: INSTALLER } });
  const args = ["create", "--dry-run=server", `--as=${INSTALLER}`, "-f", "-"];
  const { stdout, stderr } = await run("kubectl", args, { input: copy });
  return stdout + stderr;
}

beforeAll(async () => {
  await removeRoles();
  await allow(INSTALLER, "*", KINDS.map((kind) => `${kind}.${GROUP}`).join());
}, WHOLE_TEST);
afterAll(removeRoles, KUBECTL);

test(
  "the standards: get of ClusterHealthPolicies for the policy, and list besides for its binding",
  async () => {
    expect(await makes("validatingadmissionpolicy")).toContain('"get" permission');
    await allow(`${INSTALLER}-reads`, "get", "clusterhealthpolicies.healthpolicy.dev");
    await waitUntil({ what: "the policy to be allowed", within: STATUS_FOLLOWS }, async () =>
      (await makes("validatingadmissionpolicy")).includes("created"),
    );
    expect(await makes("validatingadmissionpolicybinding")).toContain('"list" permission');
    await kubectl([
      "patch",
      "clusterrole",
      `${INSTALLER}-reads`,
      "--type=json",
      "-p",
      '[{"op":"add","path":"/rules/0/verbs/-","value":"list"}]',
    ]);
    await waitUntil({ what: "the binding to be allowed", within: STATUS_FOLLOWS }, async () =>
      (await makes("validatingadmissionpolicybinding")).includes("created"),
    );
  },
  WHOLE_TEST,
);
