import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { actAs } from "./harness/as-account.ts";
import { created } from "./harness/created.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { OPERATOR_ACCOUNT } from "./harness/operator.ts";
import { isInjected } from "./harness/pods.ts";
import { condition, getPolicy, policyProgrammed } from "./harness/policy.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-configmap-taken";
const MAP = ["configmap", "healthpolicy-policy-web"];
/** May change and delete ConfigMaps of policies, as the admission policy must allow it. */
const COLLECTOR = "system:serviceaccount:kube-system:generic-garbage-collector";
const inNamespace = { namespace: NAMESPACE };

beforeAll(() => openPolicyNamespace(NAMESPACE, "configmap-taken.yaml"), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

interface ConfigMap {
  metadata: { uid: string; ownerReferences?: { kind: string; name: string }[] };
  data: Record<string, string>;
}

const stored = () => kubectlJson<ConfigMap>("get", ...MAP, "-n", NAMESPACE);
const policyFile = async () => JSON.parse((await stored()).data["policy.json"] ?? "{}") as object;

/** An edit makes the leader write at once; otherwise it does so every few minutes. */
let interval = 5;
async function editPolicy(): Promise<void> {
  interval += 1;
  const patch = JSON.stringify({ spec: { timing: { interval: `${interval}s` } } });
  await kubectl(["patch", "healthpolicy", "web", "-n", NAMESPACE, "--type=merge", "-p", patch]);
}

let pods = 0;
async function nextPodIsInjected(): Promise<boolean> {
  pods += 1;
  return isInjected(await created(unscheduledPod(NAMESPACE, `web-${pods}`)));
}

test(
  "one without its owner and content, and with another owner, is given back whole",
  async () => {
    const { uid } = (await stored()).metadata;
    const { metadata: other } = await kubectlJson<ConfigMap>(
      "get",
      "configmap",
      "kube-root-ca.crt",
      "-n",
      NAMESPACE,
    );
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "kube-root-ca.crt", uid: other.uid };
    const patch = { metadata: { ownerReferences: [owner] }, data: { "policy.json": "{}" } };
    const edit = ["patch", ...MAP, "--type=merge", "-p", JSON.stringify(patch)];
    expect(await actAs(COLLECTOR, edit, inNamespace)).toMatchObject({ code: 0 });

    await editPolicy();
    const { generation } = (await getPolicy(NAMESPACE, "web")).metadata;
    await waitUntil({ what: "the content to be given back", within: STATUS_FOLLOWS }, async () => {
      const owners = (await stored()).metadata.ownerReferences?.map(({ kind }) => kind);
      return owners?.join() === "HealthPolicy";
    });
    expect(await policyFile()).toMatchObject({ policy: "web", generation });
    expect((await stored()).metadata.uid).toBe(uid);
  },
  WHOLE_TEST,
);

test(
  "while somebody else's has the name no new pod follows it, and once it is gone pods are injected again",
  async () => {
    await policyProgrammed(NAMESPACE, "web");
    expect(await nextPodIsInjected()).toBe(true);

    expect((await actAs(COLLECTOR, ["delete", ...MAP], inNamespace)).code).toBe(0);
    const foreign = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "healthpolicy-policy-web" },
      data: { "policy.json": "{}" },
    };
    const act = { ...inNamespace, object: foreign };
    expect(await actAs(OPERATOR_ACCOUNT, ["create"], act)).toMatchObject({ code: 0 });
    await editPolicy();
    await waitUntil({ what: "ConfigMapNotOurs", within: STATUS_FOLLOWS }, async () => {
      const policy = await getPolicy(NAMESPACE, "web");
      return condition(policy, "Programmed")?.reason === "ConfigMapNotOurs";
    });
    await waitUntil(
      { what: "a pod without the sidecar", within: STATUS_FOLLOWS },
      async () => !(await nextPodIsInjected()),
    );
    // Every replica: API servers keep several connections to them.
    const injected = [];
    for (let pod = 0; pod < 10; pod += 1) injected.push(await nextPodIsInjected());
    expect(injected).not.toContain(true);
    expect((await stored()).data).toStrictEqual(foreign.data);

    // Without an owner it is nobody's, and whoever may delete ConfigMaps may delete it.
    await kubectl(["delete", ...MAP, "-n", NAMESPACE]);
    await policyProgrammed(NAMESPACE, "web");
    const again = [];
    for (let pod = 0; pod < 10; pod += 1) again.push(await nextPodIsInjected());
    expect(again).not.toContain(false);
    expect(await policyFile()).toMatchObject({ policy: "web" });
  },
  WHOLE_TEST,
);
