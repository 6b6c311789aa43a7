import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { actAs, rights } from "./harness/as-account.ts";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { KUBECTL, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-secret-access";
/** May write HealthPolicies; each test says which Secrets she may read. */
const AUTHOR = "alice";
const DRY_RUN = ["--dry-run=server"];

/** The first `count` of the Secrets that a policy with `count` names has: two in each dependency. */
const secretNames = (count: number) =>
  Array.from({ length: count }, (_, index) => `secret-${index}`);

function postgresql(names: readonly string[]) {
  const [credentials, authority] = names;
  return {
    host: "db.shop",
    database: "shop",
    credentials: { secretName: credentials },
    ...(authority && {
      tls: { mode: "VerifyFull", caSecret: { secretName: authority, key: "ca.crt" } },
    }),
  };
}

function policy(name: string, secrets: number) {
  const names = secretNames(secrets);
  const dependencies = Array.from({ length: Math.ceil(secrets / 2) }, (_, index) => ({
    name: `db-${index}`,
    postgresql: postgresql(names.slice(index * 2, index * 2 + 2)),
  }));
  return {
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "HealthPolicy",
    metadata: { name },
    spec: { selector: { matchLabels: { app: "nobody" } }, dependencies },
  };
}

/** What the API server says to the author who creates that policy. */
const create = (object: object) =>
  actAs(AUTHOR, ["create", ...DRY_RUN], { namespace: NAMESPACE, object });

/** Lets the author read these Secrets and, as a rule without names would mean all, one that no policy names. */
async function grant(names: string[]): Promise<void> {
  const resourceNames = ["another", ...names];
  const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"], resourceNames }];
  const input = JSON.stringify(rights(NAMESPACE, "secrets", { user: AUTHOR, rules }));
  await kubectl(["apply", "-f", "-"], { input });
}

/** The text is fixed; only the place in the list differs. */
function refusal(index: number): string {
  return `denied request: spec.dependencies[${index}] names a Secret that you may not get. Whoever writes a HealthPolicy must be allowed to get every Secret that it names.`;
}

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  const rules = [
    {
      apiGroups: ["healthpolicy.dev"],
      resources: ["healthpolicies"],
      verbs: ["get", "create", "update", "patch"],
    },
  ];
  const input = JSON.stringify(rights(NAMESPACE, "author", { user: AUTHOR, rules }));
  await kubectl(["apply", "-f", "-"], { input });
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

describe.each([1, 2, 24])("a policy that names %d Secrets", (count) => {
  test(
    "is refused while its author may read none or all but the last, and taken when she may read all",
    async () => {
      const object = policy("web", count);
      const last = Math.ceil(count / 2) - 1;
      for (const [allowed, refused] of [
        [0, 0],
        [count - 1, last],
      ] as const) {
        await grant(secretNames(allowed));
        // Rights reach the API server's cache a moment later.
        await waitUntil({ what: `the refusal of [${refused}]`, within: STATUS_FOLLOWS }, async () =>
          (await create(object)).stderr.includes(refusal(refused)),
        );
      }
      await grant(secretNames(count));
      await waitUntil(
        { what: "the policy to be taken", within: STATUS_FOLLOWS },
        async () => (await create(object)).code === 0,
      );
    },
    WHOLE_TEST,
  );

  test(
    "is taken from an administrator",
    async () => {
      const input = JSON.stringify(policy("web", count));
      const answer = await run("kubectl", ["create", ...DRY_RUN, "-n", NAMESPACE, "-f", "-"], {
        input,
      });
      expect(answer).toMatchObject({ code: 0, stderr: "" });
    },
    KUBECTL,
  );
});

test(
  "a connection string's Secret is checked too, and a policy without Secrets asks for no right",
  async () => {
    await grant([]);
    const base = policy("web", 1);
    const [dependency] = base.spec.dependencies;
    const url = {
      ...dependency,
      postgresql: { connectionString: { secretName: "url", key: "url" } },
    };
    const cache = { name: "cache", memcached: { servers: [{ host: "cache.shop" }] } };
    const withDependencies = (...dependencies: object[]) =>
      create({ ...base, spec: { ...base.spec, dependencies } });
    await waitUntil({ what: "the refusal", within: STATUS_FOLLOWS }, async () =>
      (await withDependencies(cache, url)).stderr.includes(refusal(1)),
    );
    expect(await withDependencies(cache)).toMatchObject({ code: 0, stderr: "" });
  },
  WHOLE_TEST,
);

test(
  "who may read no Secret may change labels of a policy, and nothing of its specification",
  async () => {
    await grant([]);
    await kubectl(["create", "-n", NAMESPACE, "-f", "-"], {
      input: JSON.stringify(policy("standing", 2)),
    });
    const act = { namespace: NAMESPACE };
    const label = ["label", "healthpolicy/standing", "team=shop"];
    expect(await actAs(AUTHOR, label, act)).toMatchObject({ code: 0, stderr: "" });

    const patch = (spec: object) =>
      actAs(
        AUTHOR,
        ["patch", "healthpolicy", "standing", "--type=merge", "-p", JSON.stringify({ spec })],
        act,
      );
    // The attack: the same Secret, another host.
    const [dependency] = policy("standing", 2).spec.dependencies;
    const elsewhere = { ...dependency, postgresql: { ...dependency?.postgresql, host: "evil" } };
    expect((await patch({ dependencies: [elsewhere] })).stderr).toContain(refusal(0));
    expect((await patch({ timing: { interval: "7s" } })).stderr).toContain(refusal(0));
  },
  WHOLE_TEST,
);
