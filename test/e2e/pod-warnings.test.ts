/** Pods that are accepted and get no sidecar, or not for what was written: what their creator is told, and the twin. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  INJECT_LABEL,
  POLICY_ANNOTATION,
  REVISION_ANNOTATION,
  SIDECAR_CONTAINER,
} from "../../operator/api/names.ts";
import { describedEvents, eventTold } from "./harness/events.ts";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { policyProgrammed } from "./harness/policy.ts";
import { smallPod, unscheduledPod } from "./harness/small-pod.ts";
import { waitFor } from "./harness/wait-for.ts";
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
      said: none(
        "The pod would have more than 512 annotations with ours, or more than 256 KiB of them.",
      ),
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

/** One pod, which never runs: it is enough that it was created. Returns its ReplicaSet, as kubectl takes it. */
async function createDeployment(name: string, labels: object): Promise<string> {
  const { metadata, spec } = unscheduledPod(NAMESPACE, name);
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: { deployment: name } },
      template: { metadata: { labels: { ...metadata.labels, deployment: name, ...labels } }, spec },
    },
  };
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(deployment) });
  const list = ["-n", NAMESPACE, "get", "replicasets", "-l", `deployment=${name}`, "-o", "name"];
  return waitFor({ what: `the ReplicaSet of ${name}`, within: KUBECTL }, async () => {
    return (await kubectl(list)).trim() || undefined;
  });
}

test(
  "what makes the pods is told that they get the sidecar, or why not, once; dry runs say nothing",
  async () => {
    const injected = { namespace: NAMESPACE, object: await createDeployment("injected", {}) };
    const optedOut = {
      namespace: NAMESPACE,
      object: await createDeployment("opted-out", { [INJECT_LABEL]: "false" }),
    };
    await eventTold(injected, /^Normal Injected .* Pods get the sidecar of HealthPolicy web\.$/m);
    await eventTold(
      optedOut,
      /^Normal InjectionSkipped .* OptedOut: The pod's label .* matches it\.$/m,
    );
    await kubectl(["-n", NAMESPACE, "scale", "deployment/injected", "--replicas=3"]);
    // An Event of a later pod comes after any that the others could still have had.
    const another = { namespace: NAMESPACE, object: await createDeployment("another", {}) };
    await eventTold(another, /^Normal Injected /m);
    expect((await describedEvents(injected)).split("\n")).toHaveLength(1);
    const list = ["-n", NAMESPACE, "get", "events", "-o", "json"];
    const { items } = JSON.parse(await kubectl(list)) as { items: { reason: string }[] };
    const ours = items.map(({ reason }) => reason).filter((reason) => reason.startsWith("Injec"));
    expect(ours.sort()).toStrictEqual(["Injected", "Injected", "InjectionSkipped"]);
  },
  WHOLE_TEST,
);
