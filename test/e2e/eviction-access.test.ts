import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { actAs, type Rule, rights } from "./harness/as-account.ts";
import { kubectl } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-eviction-access";
/** May write HealthPolicies, and nothing else at first. */
const AUTHOR = "bob";
const REFUSAL =
  "denied request: spec.rollout is Restart, and you may not evict pods. Whoever has pods restarted by a HealthPolicy must be allowed to create pods/eviction in its namespace; or write rollout: Manual.";

function policy(rollout: string | undefined, host = "cache.shop") {
  return {
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "HealthPolicy",
    metadata: { name: "web" },
    spec: {
      selector: { matchLabels: { app: "nobody" } },
      dependencies: [{ name: "cache", memcached: { servers: [{ host }] } }],
      ...(rollout && { rollout }),
    },
  };
}

const apply = (object: object, ...more: string[]) =>
  actAs(AUTHOR, ["apply", "--server-side", "--force-conflicts", ...more], {
    namespace: NAMESPACE,
    object,
  });

async function grant(name: string, rules: Rule[]): Promise<void> {
  const input = JSON.stringify(rights(NAMESPACE, name, { user: AUTHOR, rules }));
  await kubectl(["apply", "-f", "-"], { input });
}

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  const verbs = ["get", "create", "update", "patch"];
  await grant("author", [
    { apiGroups: ["healthpolicy.dev"], resources: ["healthpolicies"], verbs },
  ]);
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

test(
  "who may not evict pods may not have it done by a policy; who may, may",
  async () => {
    await waitUntil({ what: "a policy without restarts", within: STATUS_FOLLOWS }, async () => {
      const { code } = await apply(policy(undefined));
      return code === 0;
    });
    expect(await apply(policy("Manual"))).toMatchObject({ code: 0 });
    expect((await apply(policy("Restart"))).stderr).toContain(REFUSAL);

    await grant("evictor", [{ apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] }]);
    await waitUntil({ what: "the policy to be taken", within: STATUS_FOLLOWS }, async () => {
      const { code } = await apply(policy("Restart"));
      return code === 0;
    });

    await kubectl(["delete", "rolebinding", "evictor", "-n", NAMESPACE]);
    const edited = policy("Restart", "other.shop");
    await waitUntil({ what: "an edit to be refused", within: STATUS_FOLLOWS }, async () =>
      (await apply(edited, "--dry-run=server")).stderr.includes(REFUSAL),
    );
    // What does not touch the specification needs no such right.
    expect(
      await actAs(AUTHOR, ["annotate", "healthpolicy", "web", "team=shop"], {
        namespace: NAMESPACE,
      }),
    ).toMatchObject({ code: 0 });
  },
  WHOLE_TEST,
);
