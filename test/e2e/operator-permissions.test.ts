import { expect, test } from "@jest/globals";
import { apiGet } from "./harness/api-get.ts";
import { run } from "./harness/kubectl.ts";
import { OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "./harness/operator.ts";
import { patchAs } from "./harness/patch-as.ts";
import { KUBECTL } from "./timeouts.ts";

const CERTIFICATE = "secret/healthpolicy-webhook-certificate";

/** What the API server itself says to the operator's account. */
async function may(verb: string, resource: string, namespace: string): Promise<boolean> {
  // Behind a slash kubectl takes a name, and a pod could be called exec.
  const [, subresource] = /^pods\/(.*)$/.exec(resource) ?? [];
  const what = subresource ? ["pods", `--subresource=${subresource}`] : [resource];
  const question = ["auth", "can-i", verb, ...what, "-n", namespace, `--as=${OPERATOR_ACCOUNT}`];
  return (await run("kubectl", question)).stdout.trim() === "yes";
}

test.each([
  ["get", "secrets", "default"],
  ["list", "secrets", "default"],
  ["list", "secrets", OPERATOR_NAMESPACE],
  ["get", "secret/another", OPERATOR_NAMESPACE],
  ["create", "secrets", OPERATOR_NAMESPACE],
  ["get", "configmaps", "default"],
  ["list", "events", "default"],
  ["patch", "events", "default"],
  ["delete", "events", "default"],
  ["create", "pods", "default"],
  ["patch", "pods", "default"],
  ["delete", "pods", "default"],
  ["create", "pods/exec", "default"],
  ["patch", "services", "default"],
  ["get", "endpointslices.discovery.k8s.io", "default"],
  ["patch", "deployments.apps", "default"],
  ["list", "deployments.apps", "default"],
  ["delete", "healthpolicies.healthpolicy.dev", "default"],
  ["patch", "healthpolicies.healthpolicy.dev", "default"],
  ["delete", "clusterhealthpolicies.healthpolicy.dev", ""],
  ["patch", "clusterhealthpolicies.healthpolicy.dev", ""],
  ["patch", "mutatingwebhookconfiguration/another", ""],
  ["delete", "mutatingwebhookconfiguration/another", ""],
  ["deletecollection", "mutatingwebhookconfigurations", ""],
  ["list", "leases.coordination.k8s.io", "default"],
  ["*", "*", "default"],
])(
  "the operator may not %s %s in %j",
  async (verb, resource, namespace) => {
    expect(await may(verb, resource, namespace)).toBe(false);
  },
  KUBECTL,
);

test.each([
  ["list", CERTIFICATE, OPERATOR_NAMESPACE],
  ["patch", CERTIFICATE, OPERATOR_NAMESPACE],
  ["create", CERTIFICATE, OPERATOR_NAMESPACE],
  ["list", "healthpolicies.healthpolicy.dev", "default"],
  ["create", "pods/eviction", "default"],
  ["list", "services", "default"],
  ["list", "clusterhealthpolicies.healthpolicy.dev", ""],
  ["create", "events", "default"],
  ["patch", "configmaps", "default"],
  // Only to give one its owner; an admission policy refuses the deletion itself.
  ["delete", "configmaps", "default"],
  ["patch", "mutatingwebhookconfiguration/healthpolicy", ""],
  // Likewise.
  ["delete", "mutatingwebhookconfiguration/healthpolicy", ""],
])(
  "the operator may %s %s in %j",
  async (verb, resource, namespace) => {
    expect(await may(verb, resource, namespace)).toBe(true);
  },
  KUBECTL,
);

// What SECURITY.md says of the token's worth. Where this fails, API servers no longer quote what they refuse: say so.
test.each([
  ["cannot be decoded", "merge-patch", { data: { key: 1 } }],
  ["has no valid labels", "json-patch", [{ op: "move", from: "/data", path: "/metadata/labels" }]],
])(
  "whoever has the operator's token reads any ConfigMap, by a patch after which it %s",
  async (_, kind, patch) => {
    const path = "/api/v1/namespaces/default/configmaps/kube-root-ca.crt";
    const before = await apiGet(path);
    const { data } = JSON.parse(before) as { data: Record<"ca.crt", string> };
    // A line of base64, which no quotation writes in another way.
    const [, line] = data["ca.crt"].split("\n");
    const { status, body } = await patchAs(OPERATOR_ACCOUNT, path, { kind, patch });
    expect(status).toBe(422);
    expect(line).toHaveLength(64);
    expect(body).toContain(line);
    expect(await apiGet(path)).toBe(before);
  },
  KUBECTL,
);
