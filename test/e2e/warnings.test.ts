/** What the API server warns of by itself: accepted, and probably not what was meant. */
import { describe, expect, test } from "@jest/globals";
import { run } from "./harness/kubectl.ts";
import { warnedBy } from "./harness/policy-warnings.ts";
import { smallPod } from "./harness/small-pod.ts";
import { KUBECTL } from "./timeouts.ts";

const NAMESPACE = "default";
const POLICY = warnedBy("healthpolicy-policy-warnings");
const LABEL = warnedBy("healthpolicy-ignored-label");
const INJECT = "healthpolicy.dev/inject";

/** What a person sees who creates the object, line by line; nothing is stored. */
async function create(object: object): Promise<string[]> {
  const command = ["create", "--dry-run=server", "-n", NAMESPACE, "-f", "-"];
  const { code, stderr } = await run("kubectl", command, { input: JSON.stringify(object) });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stderr.split("\n").filter((line) => line !== "");
}

const policy = (selector: object, ...dependencies: object[]) => ({
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name: "web" },
  spec: { selector, dependencies },
});
const WEB = { matchLabels: { app: "web" } };
const cache = (name: string, ...hosts: string[]) => ({
  name,
  memcached: { servers: hosts.map((host) => ({ host })) },
});
const tcp = (name: string, host: string) => ({ name, tcp: { host, port: 25 } });
const shortHost = (names: string, host: string) =>
  `${POLICY}dependencies ${names}: a host without a dot, here "${host}", is looked up in the namespace of the pod; prefer the whole name, with a dot at its end: ${host}.${NAMESPACE}.svc.cluster.local.`;

describe("a HealthPolicy", () => {
  test.each<[string, string[], object]>([
    [
      "with short host names",
      [shortHost("sessions, mail", "cache-1")],
      policy(
        WEB,
        cache("sessions", "cache-0.shop", "cache-1"),
        tcp("far", "db.example.com"),
        tcp("mail", "mail"),
      ),
    ],
    [
      "with whole names, addresses and its own pod",
      [],
      policy(
        WEB,
        cache("sessions", "cache.shop.svc.cluster.local.", "10.0.0.1", "fd00::1"),
        tcp("mail", "localhost"),
      ),
    ],
    [
      "for every pod",
      [
        `${POLICY}selector is empty: the policy is for every pod of namespace ${NAMESPACE}; write matchLabels to name the pods of one app`,
      ],
      policy({}, tcp("mail", "mail.shop")),
    ],
    ["for the pods of one app", [], policy(WEB, tcp("mail", "mail.shop"))],
  ])(
    "%s",
    async (_, said, object) => {
      expect(await create(object)).toStrictEqual(said);
    },
    KUBECTL,
  );

  test(
    "at every bound is warned of in whole sentences",
    async () => {
      const name = (index: number) => `${index}`.padStart(63, "a");
      const host = "h".repeat(253);
      const dependencies = Array.from({ length: 12 }, (_, index) => tcp(name(index), host));
      const names = dependencies.map((one) => one.name).join(", ");
      expect(await create(policy(WEB, ...dependencies))).toStrictEqual([shortHost(names, host)]);
    },
    KUBECTL,
  );
});

const namespace = (value: string) => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "e2e-warnings", labels: { [INJECT]: value } },
});

function workload(kind: string, value: string) {
  const labels = { app: "web", [INJECT]: value };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name: "web" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      ...(kind === "StatefulSet" && { serviceName: "web" }),
      template: { metadata: { labels }, spec: smallPod(NAMESPACE, "web").spec },
    },
  };
}

describe.each<[string, string, (value: string) => object]>([
  ["a Namespace", "namespace", namespace],
  ...["Deployment", "StatefulSet", "DaemonSet"].map(
    (kind): [string, string, (value: string) => object] => [
      `the pods of a ${kind}`,
      "pods",
      (value) => workload(kind, value),
    ],
  ),
])("the opt-out label of %s", (_, what, object) => {
  test.each(["yes", "TRUE", ""])(
    'with the value "%s"',
    async (value) => {
      expect(await create(object(value))).toStrictEqual([
        `${LABEL}label ${INJECT}: value "${value}" ignored; write "false" to opt the ${what} out`,
      ]);
    },
    KUBECTL,
  );

  test.each(["true", "false"])(
    'with the value "%s" says nothing',
    async (value) => {
      expect(await create(object(value))).toStrictEqual([]);
    },
    KUBECTL,
  );
});
