/** In a CEL library; test/e2e/warnings.test.ts asks the API server. */
import { describe, expect, test } from "@jest/globals";
import { policyWarningsSpec } from "./policy-warnings.ts";
import { judge } from "./testing/judge.ts";
import { DEPENDENCY_TYPES } from "./v1alpha1-dependency.ts";

const LABELS = { matchLabels: { app: "web" } };

function warnings(spec: object, oldSpec?: object): string[] | string {
  return judge(policyWarningsSpec(), {
    request: {
      operation: oldSpec ? "UPDATE" : "CREATE",
      resource: { resource: "healthpolicies" },
      namespace: "shop",
    },
    object: { metadata: { name: "web" }, spec },
    oldObject: oldSpec ? { metadata: { name: "web" }, spec: oldSpec } : null,
  });
}

const shortHost = (names: string, host: string) =>
  `dependencies ${names}: a host without a dot, here "${host}", is looked up in the namespace of the pod; prefer the whole name, with a dot at its end: ${host}.shop.svc.cluster.local.`;
const slot = (type: string, host: string) =>
  type === "memcached" ? { servers: [{ host: "cache.shop" }, { host }] } : { host };
const dependency = (type: string, host: string, name = "db") => ({
  name,
  [type]: slot(type, host),
});

describe.each(DEPENDENCY_TYPES)("a host of %s", (type) => {
  const ofHost = (host: string) =>
    warnings({ selector: LABELS, dependencies: [dependency(type, host)] });

  test("without a dot is warned of, with the name to write", () => {
    expect(ofHost("orders")).toStrictEqual([shortHost("db", "orders")]);
  });

  test.each(["orders.shop", "orders.", "10.0.0.1", "fd00::1", "localhost"])("%s is not", (host) => {
    expect(ofHost(host)).toStrictEqual([]);
  });
});

test("one sentence names every dependency with a short host, and the first of the hosts", () => {
  const dependencies = [
    dependency("postgresql", "db.shop", "far"),
    dependency("memcached", "cache", "sessions"),
    dependency("redis", "queue", "jobs"),
  ];
  const said = [shortHost("sessions, jobs", "cache")];
  expect(warnings({ selector: LABELS, dependencies })).toStrictEqual(said);
});

test("a connection string has no host that the API server could see", () => {
  const connectionString = { secretName: "db", key: "url" };
  const dependencies = [{ name: "db", postgresql: { connectionString } }];
  expect(warnings({ selector: LABELS, dependencies })).toStrictEqual([]);
});

describe("a selector", () => {
  const dependencies = [dependency("tcp", "db.shop")];
  const empty =
    "selector is empty: the policy is for every pod of namespace shop; write matchLabels to name the pods of one app";

  test.each([{}, { matchLabels: {} }, { matchExpressions: [] }])("%j is warned of", (selector) => {
    expect(warnings({ selector, dependencies })).toStrictEqual([empty]);
  });

  test.each([LABELS, { matchExpressions: [{ key: "app", operator: "Exists" }] }])(
    "%j is not",
    (selector) => {
      expect(warnings({ selector, dependencies })).toStrictEqual([]);
    },
  );
});

test("what stands is warned of again when the specification changes, and not otherwise", () => {
  const spec = { selector: LABELS, dependencies: [dependency("tcp", "db")] };
  expect(warnings(spec, spec)).toBe("specification-changes");
  expect(warnings(spec, { ...spec, mode: "DryRun" })).toStrictEqual([shortHost("db", "db")]);
});
