/** Standards of a ClusterHealthPolicy as the API server enforces them, and that it says what the operator counts. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { EVERY_STANDARD, EXAMPLES, podOf } from "../../operator/api/standards/testing/examples.ts";
import { run } from "./harness/kubectl.ts";
import {
  dryRun,
  enforce,
  REFUSED,
  reachedNamespace,
  release,
  standardsFor,
  WARNED,
} from "./harness/standards.ts";
import { KUBECTL, WHOLE_TEST } from "./timeouts.ts";

const WARN = "e2e-standards-warn";
const DENY = "e2e-standards-deny";
const APPLY = "e2e-standards-apply";
const NAMES = [WARN, DENY, APPLY] as const;
const ENFORCEMENT = { [WARN]: "Warn", [DENY]: "Deny", [APPLY]: "Apply" };
const [EXAMPLE] = EXAMPLES;
if (!EXAMPLE) throw new Error("no example");
const SENTENCE = EXAMPLE.sentence;

beforeAll(async () => {
  await Promise.all(NAMES.map((name) => reachedNamespace(name)));
  for (const name of NAMES) {
    const standards = { ...EVERY_STANDARD, enforcement: ENFORCEMENT[name] };
    await enforce(name, [standardsFor(name, name, standards)], EXAMPLE.violating);
  }
}, WHOLE_TEST);
afterAll(async () => {
  await release(...NAMES);
  await run("kubectl", ["delete", "namespace", ...NAMES, "--wait=false"]);
}, KUBECTL);

describe.each(EXAMPLES)("the example of $rule", ({ sentence, violating, corrected }) => {
  test(
    "is warned of, refused or warned of as `enforcement` says, and passes once corrected",
    async () => {
      expect(await dryRun(WARN, violating)).toStrictEqual({
        warnings: [`ClusterHealthPolicy ${WARN}: ${sentence}`],
        refusal: "",
      });
      expect(await dryRun(DENY, violating)).toStrictEqual({
        warnings: [],
        refusal: `ClusterHealthPolicy ${DENY}: ${sentence}`,
      });
      expect(await dryRun(APPLY, violating)).toStrictEqual({
        warnings: [`ClusterHealthPolicy ${APPLY}: ${sentence}`],
        refusal: "",
      });
      for (const namespace of NAMES) {
        const passed = { warnings: [], refusal: "" };
        expect(await dryRun(namespace, corrected)).toStrictEqual(passed);
      }
    },
    2 * KUBECTL,
  );
});

test(
  "kubectl apply prints a line for each violation, or one refusal with all of them",
  async () => {
    const { metadata, spec, ...rest } = parse(EXAMPLE.corrected);
    spec.template.spec.containers = [{ name: "web", image: "registry.example.com/web:1" }];
    const input = JSON.stringify({ ...rest, metadata, spec });
    const apply = (namespace: string) =>
      run("kubectl", ["apply", "--dry-run=server", "-n", namespace, "-f", "-"], { input });
    const READINESS =
      'container "web": readinessProbe is missing; write one that tells whether the app can take requests';
    const LIVENESS =
      'container "web": livenessProbe is missing; write one that looks at the process alone';

    const warned = await apply(WARN);
    expect(warned.stderr.trim().split("\n")).toStrictEqual([
      `Warning: ${WARNED}ClusterHealthPolicy ${WARN}: ${READINESS}`,
      `Warning: ${WARNED}ClusterHealthPolicy ${WARN}: ${LIVENESS}`,
    ]);
    expect(warned.stdout).toBe("deployment.apps/web created (server dry run)\n");

    const refused = await apply(DENY);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr.trim()).toBe(
      `The deployments "web" is invalid: : ${REFUSED}ClusterHealthPolicy ${DENY}: ${READINESS} | ${LIVENESS}`,
    );
  },
  KUBECTL,
);

describe("a violation is said", () => {
  const spec = podOf(EXAMPLE.violating);
  const template = { metadata: { labels: { app: "web" } }, spec };
  const selector = { matchLabels: { app: "web" } };
  const job = { template: { spec: { ...spec, restartPolicy: "Never" } } };
  const KINDS: [string, string, object][] = [
    ["StatefulSet", "apps/v1", { selector, template, serviceName: "web" }],
    ["DaemonSet", "apps/v1", { selector, template }],
    ["ReplicaSet", "apps/v1", { selector, template }],
    ["ReplicationController", "v1", { selector: selector.matchLabels, template }],
    ["Job", "batch/v1", job],
    ["CronJob", "batch/v1", { schedule: "0 0 * * *", jobTemplate: { spec: job } }],
    ["Pod", "v1", spec],
  ];
  const object = (kind: string, apiVersion: string, body: object, metadata: object = {}) =>
    JSON.stringify({ apiVersion, kind, metadata: { name: "web", ...metadata }, spec: body });

  test.each(KINDS)(
    "of a %s",
    async (kind, apiVersion, body) => {
      const said = await dryRun(WARN, object(kind, apiVersion, body));
      expect(said.warnings).toStrictEqual([`ClusterHealthPolicy ${WARN}: ${SENTENCE}`]);
      const { refusal } = await dryRun(DENY, object(kind, apiVersion, body));
      expect(refusal).toBe(`ClusterHealthPolicy ${DENY}: ${SENTENCE}`);
    },
    KUBECTL,
  );

  test(
    "of nothing that something else makes",
    async () => {
      const owner = {
        apiVersion: "batch/v1",
        kind: "CronJob",
        name: "web",
        uid: "0",
        controller: true,
      };
      const owned = { ownerReferences: [owner] };
      const quiet = { warnings: [], refusal: "" };
      expect(await dryRun(DENY, object("Job", "batch/v1", job, owned))).toStrictEqual(quiet);
      expect(await dryRun(DENY, object("Pod", "v1", spec, owned))).toStrictEqual(quiet);
      for (const kind of ["ReplicaSet", "StatefulSet"]) {
        const set = object(kind, "apps/v1", { selector, template }, owned);
        expect(await dryRun(WARN, set)).toStrictEqual(quiet);
        expect(await dryRun(DENY, set)).toStrictEqual(quiet);
      }
    },
    KUBECTL,
  );

  test(
    "of no Job that has no probes, for it ends by itself",
    async () => {
      const containers = [{ name: "report", image: "registry.example.com/report:1" }];
      const bare = { template: { spec: { containers, restartPolicy: "OnFailure" } } };
      expect(await dryRun(DENY, object("Job", "batch/v1", bare))).toStrictEqual({
        warnings: [],
        refusal: "",
      });
    },
    KUBECTL,
  );

  test(
    "in no namespace whose labels the selector does not match",
    async () => {
      expect(await dryRun("default", EXAMPLE.violating)).toStrictEqual({
        warnings: [],
        refusal: "",
      });
    },
    KUBECTL,
  );
});
