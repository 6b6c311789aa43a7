/** What the admission policy that comes with `nudge.enabled` leaves an account that has every right on pods. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { NUDGE_FIELD_MANAGER } from "../../operator/api/names.ts";
import { actAs, rights } from "./harness/as-account.ts";
import { created } from "./harness/created.ts";
import { kubectl, runOrThrow } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { clientPod, unscheduledPod } from "./harness/small-pod.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { KUBECTL, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-nudge-permissions";
/** The account that an operator would have which was installed there. */
const NAME = "e2e-nudge";
const ACCOUNT = `system:serviceaccount:${NAMESPACE}:${NAME}`;
const OBJECTS = ["validatingadmissionpolicy", "validatingadmissionpolicybinding"];
const BOUND = "web-1";
/** RBAC knows no wildcard for subresources. */
const PODS = ["pods", "pods/status", "pods/ephemeralcontainers", "pods/attach"];

/** The chart's own, for that account. */
function rendered(): Promise<string> {
  const shown = OBJECTS.flatMap((kind) => ["--show-only", `templates/${kind}-nudge.yaml`]);
  const values = ["--set", "nudge.enabled=true", "--set", `fullnameOverride=${NAME}`];
  const chart = join(import.meta.dirname, "../../chart");
  return runOrThrow("helm", ["template", NAME, chart, "-n", NAMESPACE, ...values, ...shown]);
}

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  const rules = [{ apiGroups: [""], resources: PODS, verbs: ["*"] }];
  const granted = JSON.stringify(rights(NAMESPACE, "pods", { user: ACCOUNT, rules }));
  await kubectl(["apply", "-f", "-"], { input: granted });
  await kubectl(["apply", "-f", "-"], { input: await rendered() });
  const pod = unscheduledPod(NAMESPACE, BOUND);
  const annotations = { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": "abc" };
  await created({ ...pod, metadata: { ...pod.metadata, annotations } });
  await created(clientPod(NAMESPACE));
  await waitUntil({ what: "the admission policy", within: STATUS_FOLLOWS }, async () => {
    const { stderr } = await act("delete", "pod", BOUND, "--dry-run=server");
    return stderr.includes("The operator of HealthPolicy may");
  });
}, WHOLE_TEST);

afterAll(async () => {
  const objects = OBJECTS.map((kind) => `${kind}/${NAME}-nudge`);
  await kubectl(["delete", ...objects, "--ignore-not-found"]);
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
}, WHOLE_TEST);

/** A patch of metadata beside our annotation. */
const besides = (metadata: object, annotations: object = {}) => ({
  metadata: { ...metadata, annotations: { "healthpolicy.dev/nudge": "42", ...annotations } },
});
const OURS = besides({});
const ephemeral = { name: "debug", image: "another:1", targetContainerName: "app" };

const act = (...parameters: string[]) => actAs(ACCOUNT, parameters, { namespace: NAMESPACE });

describe("the operator's account, had it every right on pods", () => {
  const patched = (pod: string, patch: object, subresource?: string) =>
    act(
      ...["patch", "pod", pod, "--type=strategic", "-p", JSON.stringify(patch)],
      ...[
        "--dry-run=server",
        `--field-manager=${NUDGE_FIELD_MANAGER}`,
        ...(subresource ? [`--subresource=${subresource}`] : []),
      ],
    );

  test.each([
    ["a version", "42"],
    ["a deletion", "deleted"],
  ])(
    "may tell a pod of %s",
    async (_what, value) => {
      const patch = besides({}, { "healthpolicy.dev/nudge": value });
      expect(await patched(BOUND, patch)).toMatchObject({ code: 0, stderr: "" });
    },
    KUBECTL,
  );

  test.each<[string, string, object]>([
    ["image", "", { ...OURS, spec: { containers: [{ name: "app", image: "another:1" }] } }],
    ["deadline", "", { spec: { activeDeadlineSeconds: 1 } }],
    ["labels", "", besides({ labels: { app: "other" } })],
    ["finalizers", "", besides({ finalizers: ["example.com/never"] })],
    ["other annotations", "", besides({}, { "example.com/a": "b" })],
    ["owners of fields, taking all away", "", besides({ managedFields: [{}] })],
    ["policy", "", besides({}, { "healthpolicy.dev/policy": "another" })],
    ["annotations, taking one away", "", besides({}, { "healthpolicy.dev/revision": null })],
    ["status", "status", { status: { phase: "Failed" } }],
    [
      "containers, adding one",
      "ephemeralcontainers",
      { spec: { ephemeralContainers: [ephemeral] } },
    ],
  ])(
    "may not change a pod's %s",
    async (_what, subresource, patch) => {
      const { code, stderr } = await patched(BOUND, patch, subresource);
      expect(stderr).toContain("The operator of HealthPolicy may");
      expect(code).not.toBe(0);
    },
    KUBECTL,
  );

  test(
    "may not do it under another name, which could own fields of others then",
    async () => {
      const patch = ["-p", JSON.stringify(OURS), "--field-manager=kubelet", "--dry-run=server"];
      const { stderr } = await act("patch", "pod", BOUND, ...patch);
      expect(stderr).toContain("The operator of HealthPolicy may change nothing");
    },
    KUBECTL,
  );

  test(
    "may not write any text there, nor to a pod that is bound to no policy",
    async () => {
      const text = await patched(BOUND, besides({}, { "healthpolicy.dev/nudge": "see: http://" }));
      expect(text.stderr).toContain('is a version of a ConfigMap, or "deleted"');
      expect((await patched("client", OURS)).stderr).toContain("bound to no HealthPolicy");
    },
    KUBECTL,
  );

  test(
    "may not create, delete or enter a pod",
    async () => {
      const pod = clientPod(NAMESPACE);
      const made = await actAs(ACCOUNT, ["create", "--dry-run=server"], {
        namespace: NAMESPACE,
        object: { ...pod, metadata: { ...pod.metadata, name: "another" } },
      });
      const answers = [
        made,
        await act("delete", "pod", "client", "--dry-run=server"),
        await act("attach", "client"),
      ];
      for (const { code, stderr } of answers) {
        expect(stderr).toContain("The operator of HealthPolicy may do nothing with pods but");
        expect(code).not.toBe(0);
      }
    },
    KUBECTL,
  );
});
