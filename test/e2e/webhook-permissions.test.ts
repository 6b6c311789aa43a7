/** What the admission policy about it leaves the operator's account of its right on its webhook configuration. */
import { beforeAll, expect, test } from "@jest/globals";
import { kubectlJson, run } from "./harness/kubectl.ts";
import { OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "./harness/operator.ts";
import { KUBECTL } from "./timeouts.ts";

interface Webhook {
  name: string;
  clientConfig: { caBundle: string; service: object };
}

interface Configuration {
  apiVersion: string;
  kind: string;
  metadata: { name: string; ownerReferences: object[] };
  webhooks: Webhook[];
}

let own: Configuration;
let proof: Webhook;
beforeAll(async () => {
  const found = await kubectlJson<Configuration>(
    "get",
    "mutatingwebhookconfiguration/healthpolicy",
  );
  const { name, ownerReferences } = found.metadata;
  own = { ...found, metadata: { name, ownerReferences } };
  const last = own.webhooks.at(-1);
  if (last?.name !== "prove.healthpolicy.dev") throw new Error("the operator has written no proof");
  proof = last;
}, KUBECTL);

/** What the API server says to the operator's account, which applies as the operator does; nothing is stored. */
function apply(webhooks: object[]) {
  const how = ["--server-side", "--force-conflicts", "--field-manager=healthpolicy-webhook"];
  const asked = ["apply", ...how, "--dry-run=server", `--as=${OPERATOR_ACCOUNT}`, "-f", "-"];
  return run("kubectl", asked, { input: JSON.stringify({ ...own, webhooks }) });
}

const rule = (resource: string) => ({
  apiGroups: [""],
  apiVersions: ["v1"],
  operations: ["CREATE"],
  resources: [resource],
});

/** A webhook for the pods of one namespace, as the operator writes it but for `change`. */
function injection(change: object = {}): object {
  const { caBundle, service } = proof.clientConfig;
  return {
    ...proof,
    name: "inject.healthpolicy.dev",
    clientConfig: { caBundle, service: { ...service, path: "/mutate" } },
    rules: [rule("pods")],
    objectSelector: {},
    namespaceSelector: namespaces("In", "shop"),
    ...change,
  };
}

const namespaces = (operator: string, ...values: string[]) => ({
  matchExpressions: [{ key: "kubernetes.io/metadata.name", operator, values }],
});

test(
  "the operator may write what it writes",
  async () => {
    expect(await apply(own.webhooks)).toMatchObject({ code: 0 });
  },
  KUBECTL,
);

test(
  "it may write the largest configuration that it ever has",
  async () => {
    const names = Array.from({ length: 500 }, (_, index) => `team-${index}`.padEnd(63, "x"));
    const listed = { namespaceSelector: namespaces("In", ...names) };
    const excluded = ["kube-node-lease", "kube-system", OPERATOR_NAMESPACE, ...names];
    const others = { namespaceSelector: namespaces("NotIn", ...excluded) };
    const standards = [0, 1, 2, 3].map((index) =>
      injection({ ...others, name: `standards-${index}.healthpolicy.dev` }),
    );
    const answer = await apply([injection(listed), ...standards, proof]);
    expect(answer).toMatchObject({ code: 0, stderr: "" });
  },
  KUBECTL,
);

test.each<[string, object, string]>([
  [
    "a host of its own choice",
    { clientConfig: { url: "https://elsewhere.example/x" } },
    "may have API servers call nothing but its own Service",
  ],
  [
    "requests that fail without it",
    { failurePolicy: "Fail" },
    "each with failurePolicy Ignore and 5 timeoutSeconds at most",
  ],
  ["Secrets", { rules: [rule("secrets")] }, "asked about nothing but new pods"],
  [
    "pods of kube-system",
    { namespaceSelector: namespaces("In", "kube-system") },
    "about none of the cluster's own namespaces",
  ],
])(
  "it may not have API servers ask for %s",
  async (_, change, refusal) => {
    const { code, stderr } = await apply([injection(change), proof]);
    expect(stderr).toContain(refusal);
    expect(code).not.toBe(0);
  },
  KUBECTL,
);

test(
  "its proof may be asked about one ConfigMap alone",
  async () => {
    const { code, stderr } = await apply([{ ...proof, namespaceSelector: {}, objectSelector: {} }]);
    expect(stderr).toContain("nothing but the ConfigMap that it is for");
    expect(code).not.toBe(0);
  },
  KUBECTL,
);

test(
  "it may not delete it, though its role has the verb",
  async () => {
    const asked = ["delete", "mutatingwebhookconfiguration", "healthpolicy", "--dry-run=server"];
    const { code, stderr } = await run("kubectl", [...asked, `--as=${OPERATOR_ACCOUNT}`]);
    expect(stderr).toContain("may delete no webhook configuration");
    expect(code).not.toBe(0);
  },
  KUBECTL,
);
