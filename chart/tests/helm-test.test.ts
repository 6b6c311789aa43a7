/** What `helm test` makes, uses and leaves. */
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { CHECKED_LABELS } from "../../operator/controller/installation/installation-checks.ts";
import { expectGolden } from "./expect-golden.ts";
import {
  CHART,
  HELM_TIMEOUT_MS,
  type Manifest,
  NAMESPACE,
  only,
  render,
  renderTests,
  renderTestsText,
} from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

const hooks = renderTests();
const pod = only(hooks, "Pod");
const annotation = ({ metadata }: Manifest, name: string): string | undefined =>
  (metadata as { annotations?: Record<string, string> }).annotations?.[`helm.sh/${name}`];

test("gives the golden objects", () => {
  expectGolden(join(CHART, "tests/testdata/helm-test.yaml"), renderTestsText());
});

test("is left out where it is not wanted", () => {
  expect(renderTests("--set", "helmTest.enabled=false")).toStrictEqual([]);
});

test("is made for a test and gone after it, but for the pod, whose log is read", () => {
  for (const hook of hooks) {
    expect(annotation(hook, "hook")).toBe("test");
    const policy = "before-hook-creation,hook-succeeded,hook-failed";
    expect([hook.kind, annotation(hook, "hook-delete-policy")]).toStrictEqual([
      hook.kind,
      hook === pod ? "before-hook-creation" : policy,
    ]);
  }
});

const TEST_NAMESPACE = only(hooks, "Namespace").metadata.name;

test("its namespace, which Helm deletes with all that is in it, has a name that nobody else gives", () => {
  expect(TEST_NAMESPACE).toMatch(/^healthpolicy-helm-test-[0-9a-f]{8}$/);
});

test("its objects come after those that they need", () => {
  const weight = (hook: Manifest) => Number(annotation(hook, "hook-weight"));
  const namespace = weight(only(hooks, "Namespace"));
  for (const hook of hooks) {
    const isInside = hook.metadata.namespace === TEST_NAMESPACE;
    if (isInside) expect(weight(hook)).toBeGreaterThan(namespace);
    if (hook !== pod) expect(weight(hook)).toBeLessThan(weight(pod));
  }
});

test("may create no more than dry runs need, and what it may store lies in its own namespace", () => {
  const rules = hooks
    .filter(({ kind }) => ["Role", "ClusterRole"].includes(kind))
    .map(({ kind, metadata, rules: given }) => [kind, metadata.namespace, given]);
  expect(rules).toStrictEqual([
    [
      "ClusterRole",
      undefined,
      [
        {
          apiGroups: ["admissionregistration.k8s.io"],
          resources: ["mutatingwebhookconfigurations"],
          resourceNames: ["healthpolicy"],
          verbs: ["get"],
        },
      ],
    ],
    [
      "Role",
      TEST_NAMESPACE,
      [
        { apiGroups: [""], resources: ["pods"], verbs: ["create"] },
        { apiGroups: ["healthpolicy.dev"], resources: ["healthpolicies"], verbs: ["create"] },
      ],
    ],
    [
      "Role",
      NAMESPACE,
      [
        {
          apiGroups: [""],
          resources: ["configmaps"],
          resourceNames: ["healthpolicy-webhook-proof"],
          verbs: ["create", "patch"],
        },
      ],
    ],
  ]);
});

test("its policy selects the pod that is tried", () => {
  expect(only(hooks, "HealthPolicy").spec.selector.matchLabels).toStrictEqual(CHECKED_LABELS);
});

test("its pod is bounded, meets the restricted standard, and is behind no Service of the operator", () => {
  expect(pod.spec).toMatchObject({
    activeDeadlineSeconds: 240,
    restartPolicy: "Never",
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  });
  expect(pod.spec.containers[0].securityContext).toStrictEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  const selector = only(render(), "Service", "healthpolicy-webhook").spec.selector;
  expect(pod.metadata.labels).not.toMatchObject(selector);
});

test("where the webhook is open to some alone, the pod may look at its certificate", () => {
  const some = "networkPolicy.ingress.webhook[0].ipBlock.cidr=10.0.0.0/8";
  const [webhook] = only(render("--set", some), "NetworkPolicy").spec.ingress;
  const allowed = webhook.from.map(
    ({ podSelector }: { podSelector?: { matchLabels: object } }) => podSelector?.matchLabels,
  );
  const { labels } = pod.metadata;
  expect(
    allowed.some(
      (each?: object) =>
        each && Object.entries(each).every(([key, value]) => labels?.[key] === value),
    ),
  ).toBe(true);
});
