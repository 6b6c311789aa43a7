import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { kubectl, run } from "./harness/kubectl.ts";
import { withoutPolicyWarnings } from "./harness/policy-warnings.ts";
import { withoutShownValues } from "./harness/without-shown-values.ts";
import { KUBECTL } from "./timeouts.ts";

const TESTDATA = join(import.meta.dirname, "../../operator/api/testdata");
const INVALID = join(TESTDATA, "invalid");

/** Short host names, as most policies have them, are warned of; test/e2e/warnings.test.ts has that. */
async function ask(command: readonly string[], manifest: string) {
  const parameters = [...command, "--dry-run=server", "-n", "default", "-f", "-"];
  const answer = await run("kubectl", parameters, { input: manifest });
  return { ...answer, stderr: withoutPolicyWarnings(answer.stderr) };
}
/** What a person sees who applies the file; the API server stores nothing. */
const apply = (manifest: string, ...more: string[]) =>
  ask(["apply", "--server-side", ...more], manifest);
/** The same by a POST of JSON: a server-side apply is YAML, which takes no key of a thousand characters. */
const create = (manifest: string) => ask(["create"], manifest);

describe.each(readdirSync(INVALID))("%s", (file) => {
  test(
    "is refused with exactly the field and the sentence of its first line",
    async () => {
      const manifest = readFileSync(join(INVALID, file), "utf8");
      const wanted = manifest.slice("# ".length, manifest.indexOf("\n"));
      const answer = await apply(manifest);
      const message = withoutShownValues(answer.stderr.trim());
      expect({ refused: answer.code !== 0, message }).toStrictEqual({
        refused: true,
        message: withoutShownValues(wanted),
      });
    },
    KUBECTL,
  );

  test(
    "is accepted once corrected",
    async () => {
      const answer = await apply(readFileSync(join(TESTDATA, "corrected", file), "utf8"));
      expect(answer).toMatchObject({ code: 0, stderr: "" });
    },
    KUBECTL,
  );
});

const EXAMPLES = join(import.meta.dirname, "../../examples");
const example = (path: string) => readFileSync(join(EXAMPLES, path), "utf8");
/** What comes with a namespace of its own is refused by a dry run before that exists; its own test applies it. */
const APPLIED = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".yaml") && !example(path).includes("kind: Namespace"))
  .sort();

test.each(APPLIED)(
  "examples/%s is accepted",
  async (path) => {
    expect(await apply(example(path))).toMatchObject({ code: 0, stderr: "" });
  },
  KUBECTL,
);

const manifest = (selector: object, dependencies: object[]) =>
  JSON.stringify({
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "HealthPolicy",
    metadata: { name: "web" },
    spec: { selector, dependencies },
  });
const clusterManifest = (name: string, spec: object) =>
  JSON.stringify({
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "ClusterHealthPolicy",
    metadata: { name },
    spec,
  });
const CACHE = { name: "sessions", memcached: { servers: [{ host: "cache" }] } };
const KEY = { secretName: "orders-db", key: "url" };
/** Close to the most that the API server takes of an object, which is 1.5 MiB. */
const HUGE = 1_300_000;
const KEY_TOO_LONG = "matchLabels: a key has more than 317 characters";

/** The API server's own sentences, which name the field. */
test.each<[string, object, string]>([
  [
    "a password in the policy",
    {
      selector: {},
      dependencies: [{ name: "db", postgresql: { host: "db", database: "x", password: "p" } }],
    },
    'unknown field "spec.dependencies[0].postgresql.password"',
  ],
  [
    "a Secret of another namespace",
    {
      selector: {},
      dependencies: [
        {
          name: "db",
          postgresql: {
            host: "db",
            database: "x",
            credentials: { secretName: "db", namespace: "shop" },
          },
        },
      ],
    },
    'unknown field "spec.dependencies[0].postgresql.credentials.namespace"',
  ],
  [
    "an unknown type",
    { selector: {}, dependencies: [{ name: "db", oracle: { host: "db" } }] },
    'unknown field "spec.dependencies[0].oracle"',
  ],
  ["no selector", { dependencies: [CACHE] }, "spec.selector: Required value"],
  [
    "a port by its name",
    { selector: {}, dependencies: [{ name: "mail", tcp: { host: "mail", port: "smtp" } }] },
    'spec.dependencies[0].tcp.port: Invalid value: "string"',
  ],
  [
    "a host that is too long",
    { selector: {}, dependencies: [{ name: "mail", tcp: { host: "h".repeat(254), port: 25 } }] },
    "spec.dependencies[0].tcp.host: Too long",
  ],
  [
    "a time of half a second in whole seconds",
    { selector: {}, dependencies: [CACHE], probe: { timeoutSeconds: 5.5 } },
    "spec.probe.timeoutSeconds in body must be of type int", // integer on 1.33, int32 on 1.36
  ],
])(
  "%s is refused in the API server's words",
  async (_, spec, message) => {
    const policy = { apiVersion: "healthpolicy.dev/v1alpha1", kind: "HealthPolicy", spec };
    const answer = await create(JSON.stringify({ ...policy, metadata: { name: "web" } }));
    expect(answer.code).not.toBe(0);
    expect(answer.stderr).toContain(message);
  },
  KUBECTL,
);

// What is stored stays in the memory of every replica of the operator.
describe("a policy of 1.3 MB is refused:", () => {
  test.each<[string, string, string]>([
    [
      "one label key",
      manifest({ matchLabels: { ["a".repeat(HUGE)]: "x" } }, [CACHE]),
      KEY_TOO_LONG,
    ],
    [
      "as many label keys as a selector may have",
      manifest(
        {
          matchLabels: Object.fromEntries(
            Array.from({ length: 12 }, (_, index) => [`${index}`.padEnd(HUGE / 12, "a"), "x"]),
          ),
        },
        [CACHE],
      ),
      KEY_TOO_LONG,
    ],
    [
      "many short label keys",
      manifest(
        {
          matchLabels: Object.fromEntries(
            Array.from({ length: HUGE / 13 }, (_, index) => [`key-${index}`, ""]),
          ),
        },
        [CACHE],
      ),
      "spec.selector.matchLabels: Too many",
    ],
    [
      "a query",
      manifest({}, [{ name: "db", postgresql: { query: "a".repeat(HUGE) } }]),
      "spec.dependencies[0].postgresql.query: Too long",
    ],
    [
      "many dependencies",
      manifest({}, new Array(Math.floor(HUGE / JSON.stringify(CACHE).length)).fill(CACHE)),
      "spec.dependencies: Too many",
    ],
  ])(
    "%s",
    async (_, text, message) => {
      const answer = await create(text);
      expect(answer.code).not.toBe(0);
      expect(answer.stderr).toContain(message);
      // Nobody reads a megabyte of his own input.
      expect(answer.stderr.length).toBeLessThan(1_000);
    },
    KUBECTL,
  );
});

test(
  "a policy at every bound is accepted: no rule costs more than the API server allows",
  async () => {
    const name = (index: number, length: number) => `${index}`.padStart(length, "a");
    const key = { secretName: name(1, 253), key: name(1, 253) };
    const dependencies = Array.from({ length: 12 }, (_, index) => ({
      name: name(index, 63),
      postgresql: {
        host: name(index, 253),
        port: 65_535,
        database: "d".repeat(63),
        credentials: { ...key, usernameKey: key.key, passwordKey: key.key, key: undefined },
        tls: { mode: "VerifyFull", caSecret: key },
        query: "q".repeat(1_024),
      },
    }));
    const labelKey = (index: number) => `${name(index, 253)}/${name(index, 63)}`;
    const labels = Array.from({ length: 12 }, (_, index) => [labelKey(index), "v".repeat(63)]);
    const conditions = Array.from({ length: 8 }, (_, index) => ({
      key: labelKey(index),
      operator: "In",
      values: Array.from({ length: 16 }, (_value, at) => name(at, 63)),
    }));
    const selector = { matchLabels: Object.fromEntries(labels), matchExpressions: conditions };
    const answer = await apply(manifest(selector, dependencies));
    expect(answer).toMatchObject({ code: 0, stderr: "" });
  },
  KUBECTL,
);

test(
  "so is a cluster policy at every bound",
  async () => {
    const path = (index: number) => `/${index}`.padEnd(256, "p");
    const asked = {
      required: true,
      minTimeoutSeconds: 60,
      minExecTimeoutSeconds: 60,
      timeoutWithinPeriod: true,
      maxPeriodSeconds: 3_600,
      maxInitialDelaySeconds: 3_600,
    };
    const timing = { connectTimeout: "30s", checkTimeout: "59s", interval: "10m" };
    const spec = {
      namespaceSelector: {},
      defaults: {
        timing: { ...timing, failureThreshold: 10, successThreshold: 10 },
        probe: { periodSeconds: 60, timeoutSeconds: 60 },
        impact: { postgresql: "Observe", memcached: "Observe" },
      },
      standards: {
        enforcement: "Deny",
        readinessProbe: asked,
        livenessProbe: {
          ...asked,
          differsFromReadiness: true,
          forbiddenPaths: Array.from({ length: 16 }, (_, index) => path(index)),
        },
      },
    };
    const answer = await apply(clusterManifest("s".repeat(63), spec));
    expect(answer).toMatchObject({ code: 0, stderr: "" });
  },
  KUBECTL,
);

test(
  "a new cluster policy says that nobody has looked at it yet, and audits unless told otherwise",
  async () => {
    const answer = await apply(
      clusterManifest("standard", { namespaceSelector: {}, standards: {} }),
      "-o",
      "json",
    );
    expect(JSON.parse(answer.stdout)).toMatchObject({
      spec: { standards: { enforcement: "Audit" } },
      status: { observedGeneration: -1 },
    });
  },
  KUBECTL,
);

test(
  "a cluster policy has no field for credentials or mode",
  async () => {
    const fields = await kubectl(["explain", "clusterhealthpolicy", "--recursive"]);
    expect(fields).toContain("namespaceSelector");
    expect(fields).not.toMatch(/secret|credential|password|connectionString|\bmode\b/i);
  },
  KUBECTL,
);

test(
  "a new policy says that nobody has looked at it yet",
  async () => {
    const answer = await apply(manifest({}, [CACHE]), "-o", "json");
    expect(JSON.parse(answer.stdout)).toMatchObject({ status: { observedGeneration: -1 } });
  },
  KUBECTL,
);

test(
  "the API server fills nothing into a dependency",
  async () => {
    const dependencies = [CACHE, { name: "db", postgresql: { connectionString: KEY, tls: {} } }];
    const answer = await apply(manifest({}, dependencies), "-o", "json");
    expect(JSON.parse(answer.stdout).spec.dependencies).toStrictEqual(dependencies);
  },
  KUBECTL,
);
