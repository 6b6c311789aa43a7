import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl, kubectlJson, run, runOrThrow } from "../harness/kubectl.ts";
import { OPERATOR_NAMESPACE, operatorPods, WEBHOOK_SECRET } from "../harness/operator.ts";
import { podMaker } from "../harness/pod-maker.ts";
import { restarts } from "../harness/pods.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { waitFor, waitUntil } from "../harness/wait-for.ts";
import { HELM, STATUS_FOLLOWS, WHOLE_TEST } from "../timeouts.ts";

const CHART = join(import.meta.dirname, "../../../chart");
const NAMESPACE = "e2e-certificate-lost";

beforeAll(() => openPolicyNamespace(NAMESPACE, "disruptive/certificate-lost.yaml"), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

interface Secret {
  metadata: { labels?: Record<string, string> };
  data?: Record<string, string>;
}

interface WebhookConfiguration {
  webhooks: { clientConfig: { caBundle: string } }[];
}

/** Undefined also while there is no Secret. */
async function authority(): Promise<string | undefined> {
  const { stdout } = await run("kubectl", [
    "get",
    ...WEBHOOK_SECRET,
    "-o",
    "json",
    "--ignore-not-found",
  ]);
  return stdout ? (JSON.parse(stdout) as Secret).data?.["ca.crt"] : undefined;
}

/** The restarts of each replica, by its uid. */
async function replicas(): Promise<Map<string, number>> {
  return new Map((await operatorPods()).map((pod) => [pod.metadata.uid, restarts(pod)]));
}

const createPod = podMaker(NAMESPACE);
const nextPodIsInjected = async () => (await createPod()).injected;

/** Loses the certificate by `lose`, and waits until every replica serves a new one that API servers trust. */
async function losesAndRecovers(lose: () => Promise<unknown>): Promise<void> {
  const before = await replicas();
  expect(await nextPodIsInjected()).toBe(true);
  const old = await authority();
  await lose();

  const renewed = await waitFor({ what: "a new authority", within: STATUS_FOLLOWS }, async () => {
    const now = await authority();
    return now === old ? undefined : now;
  });
  // The API server trusts only the new one: a replica with the old certificate would inject nothing.
  await waitUntil({ what: "the webhook to trust it", within: STATUS_FOLLOWS }, async () => {
    const { webhooks } = await kubectlJson<WebhookConfiguration>(
      "get",
      "mutatingwebhookconfiguration",
      "healthpolicy",
    );
    return webhooks.every(({ clientConfig }) => clientConfig.caBundle === renewed);
  });
  await waitUntil({ what: "injection to go on", within: STATUS_FOLLOWS }, nextPodIsInjected);
  const injected = [];
  for (let pod = 0; pod < 10; pod += 1) injected.push(await nextPodIsInjected());
  expect(injected.every(Boolean)).toBe(true);

  expect(await replicas()).toStrictEqual(before);
}

test(
  "a lost certificate is made anew and served by every replica without a restart",
  () =>
    losesAndRecovers(() =>
      kubectl(["patch", ...WEBHOOK_SECRET, "--type=merge", "-p", JSON.stringify({ data: null })]),
    ),
  WHOLE_TEST,
);

test(
  "so is one whose Secret was deleted, and the next upgrade of the chart takes the Secret for its own",
  async () => {
    await losesAndRecovers(() => kubectl(["delete", ...WEBHOOK_SECRET]));
    const renewed = await authority();
    const where = ["healthpolicy", CHART, `--namespace=${OPERATOR_NAMESPACE}`];
    const options = ["--reuse-values", "--wait", `--timeout=${HELM}ms`];
    await runOrThrow("helm", ["upgrade", ...where, ...options], { timeout: HELM });
    const { metadata } = await kubectlJson<Secret>("get", ...WEBHOOK_SECRET);
    expect(metadata.labels).toMatchObject({ "app.kubernetes.io/managed-by": "Helm" });
    expect(await authority()).toBe(renewed);
    expect(await nextPodIsInjected()).toBe(true);
  },
  WHOLE_TEST,
);
