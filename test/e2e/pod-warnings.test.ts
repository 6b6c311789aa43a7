/** Pods that are accepted and get no sidecar, or not for what was written: what their creator is told, and the twin. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  INJECT_LABEL,
  POLICY_ANNOTATION,
  REVISION_ANNOTATION,
  SIDECAR_CONTAINER,
} from "../../operator/api/names.ts";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { policyProgrammed } from "./harness/policy.ts";
import { smallPod } from "./harness/small-pod.ts";
import { KUBECTL, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-pod-warnings";
/** Of the API server, for all annotations of an object, keys and values together. */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

const policy = {
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name: "web", namespace: NAMESPACE },
  spec: {
    selector: { matchLabels: { app: "web" } },
    dependencies: [{ name: "mail", tcp: { host: "mail.shop", port: 25 } }],
  },
};

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(policy) });
  await policyProgrammed(NAMESPACE, "web");
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

const POD = smallPod(NAMESPACE, "web");
const withMetadata = (metadata: object) => ({ ...POD, metadata: { ...POD.metadata, ...metadata } });
const withLabel = (value: string) =>
  withMetadata({ labels: { app: "web", [INJECT_LABEL]: value } });
const withBytes = (bytes: number) => withMetadata({ annotations: { big: "x".repeat(bytes - 3) } });
const withContainer = (name: string) => ({
  ...POD,
  spec: {
    ...POD.spec,
    containers: POD.spec.containers.flatMap((one) => [one, { ...one, name }]),
  },
});

/** What kubectl prints, and what becomes of the pod. */
async function create(pod: object) {
  const command = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
  const { code, stdout, stderr } = await run("kubectl", command, { input: JSON.stringify(pod) });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { metadata, spec } = JSON.parse(stdout);
  const sidecars = (spec.initContainers ?? []).map(({ name }: { name: string }) => name);
  const said = stderr.trim().split("\n").filter(Boolean);
  return { said, sidecars, annotations: metadata.annotations ?? {} };
}

const none = (why: string) =>
  `Warning: HealthPolicy web matches this pod, but it gets no sidecar: ${why}`;

describe.each<[string, { pod: object; said: string; sidecars: string[]; twin: object }]>([
  [
    "the opt-out label with a value that means nothing",
    {
      pod: withLabel("yes"),
      said: `Warning: label ${INJECT_LABEL}: value "yes" ignored; write "false" to opt the pod out`,
      sidecars: [SIDECAR_CONTAINER],
      twin: withLabel("true"),
    },
  ],
  [
    "a container of our name",
    {
      pod: withContainer(SIDECAR_CONTAINER),
      said: none(
        `The container name ${SIDECAR_CONTAINER} is reserved, and the pod has another container of that name.`,
      ),
      sidecars: [],
      twin: withContainer("sidecar"),
    },
  ],
  [
    "as many annotations as a pod may have",
    {
      pod: withBytes(ANNOTATIONS_LIMIT_BYTES),
      said: none("The pod's annotations would exceed 256 KiB with ours."),
      sidecars: [],
      twin: withBytes(ANNOTATIONS_LIMIT_BYTES - 1_024),
    },
  ],
])("a pod with %s", (_, { pod, said, sidecars, twin }) => {
  test(
    "is accepted, and its creator is told",
    async () => {
      expect(await create(pod)).toMatchObject({ said: [said], sidecars });
    },
    KUBECTL,
  );

  test(
    "once corrected gets the sidecar, and nothing is said",
    async () => {
      expect(await create(twin)).toMatchObject({ said: [], sidecars: [SIDECAR_CONTAINER] });
    },
    KUBECTL,
  );
});

test(
  "a pod that was marked as injected by hand is injected all the same",
  async () => {
    const marks = { [POLICY_ANNOTATION]: "other", [REVISION_ANNOTATION]: "0123456789abcdef" };
    const plain = await create(POD);
    expect(await create(withMetadata({ annotations: marks }))).toStrictEqual(plain);
    expect(plain).toMatchObject({
      said: [],
      sidecars: [SIDECAR_CONTAINER],
      annotations: { [POLICY_ANNOTATION]: "web" },
    });
  },
  KUBECTL,
);
