/** What has to be so after an installation, each asked of the API server or of the webhook's Service itself. */
import {
  API_VERSION,
  CLUSTER_HEALTH_POLICIES,
  GROUP,
  HEALTH_POLICIES,
  SIDECAR_CONTAINER,
  VERSION,
} from "../../api/names.ts";
import { notNestedSentence, type TimeField } from "../../api/timing.ts";
import { ApiError } from "../kube/api-error.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { sendProof } from "../webhook-configuration/send-proof.ts";
import {
  WEBHOOK_CONFIGURATION,
  WEBHOOK_CONFIGURATION_PATH,
} from "../webhook-configuration/webhook-configuration.ts";
import { UNANSWERED } from "../webhook-configuration/webhook-proof.ts";
import { certificateEnds, type Presenter } from "./certificate-ends.ts";
import type { InstallationCheck } from "./run-installation-checks.ts";

/** What is installed where. */
export interface Installation {
  client: KubeClient;
  /** The operator's own namespace. */
  namespace: string;
  /** Service before the webhook. */
  webhookService: string;
  /** A namespace with a HealthPolicy that selects pods with CHECKED_LABELS; nothing is stored in it. */
  testNamespace: string;
  /** How the webhook's certificate is looked at; for tests. */
  ends?: (presenter: Presenter) => Promise<Date>;
}

/** Labels of the pod that is tried; the chart's HealthPolicy in the test namespace selects them. */
export const CHECKED_LABELS = { "app.kubernetes.io/name": "healthpolicy-test" };

const DAY = 24 * 60 * 60 * 1_000;
const FIELD_MANAGER = "healthpolicy-check";
const CRDS = `${GROUP}/${VERSION}`;
const BAD_TIMES: Partial<Record<TimeField, string>> = { interval: "3s", checkTimeout: "4s" };
/** What the API server has to say of the policy that is tried. */
const REFUSAL = notNestedSentence(
  { shorter: "checkTimeout", relation: "must not be more than", longer: "interval" },
  (field) => `${BAD_TIMES[field]}`,
);

const BAD_POLICY = {
  apiVersion: API_VERSION,
  kind: "HealthPolicy",
  metadata: { name: "healthpolicy-test-refused" },
  spec: {
    selector: { matchLabels: CHECKED_LABELS },
    timing: BAD_TIMES,
    dependencies: [
      { name: "api", tcp: { host: "kubernetes.default.svc.cluster.local", port: 443 } },
    ],
  },
};

/** Allowed by every Pod Security Standard; its image is never pulled, as the pod is never stored. */
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "healthpolicy-test", labels: CHECKED_LABELS },
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "app",
        image: "healthpolicy-test",
        resources: { requests: { cpu: "1m", memory: "1Mi" }, limits: { cpu: "1m", memory: "1Mi" } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  },
};

async function definitionsServed({ client }: Installation): Promise<string> {
  const path = `/apis/${CRDS}`;
  const { resources } = await client.request<{ resources: { name: string }[] }>({
    method: "GET",
    path,
  });
  const served = new Set(resources.map(({ name }) => name));
  const missing = [HEALTH_POLICIES, CLUSTER_HEALTH_POLICIES].filter((name) => !served.has(name));
  if (missing.length === 0) return CRDS;
  throw new Error(
    `${CRDS} does not serve ${missing.join(" and ")}: install the chart with crds.install=true, or apply crds/.`,
  );
}

async function certificateTrusted(installation: Installation): Promise<string> {
  const { client, namespace, webhookService, ends = certificateEnds } = installation;
  const { webhooks } = await client.request<{
    webhooks?: { clientConfig: { caBundle?: string } }[];
  }>({ method: "GET", path: WEBHOOK_CONFIGURATION_PATH });
  const caBundle = webhooks?.[0]?.clientConfig.caBundle;
  if (!caBundle) {
    throw new Error(
      `MutatingWebhookConfiguration ${WEBHOOK_CONFIGURATION} names no authority: neither the operator nor cert-manager has written it yet.`,
    );
  }
  const host = `${webhookService}.${namespace}.svc`;
  const authorities = Buffer.from(caBundle, "base64").toString("utf8");
  const end = await ends({ host, port: 443, dnsName: host, authorities });
  return `for ${Math.floor((end.getTime() - Date.now()) / DAY)} more days`;
}

async function webhookReached({ client, namespace }: Installation): Promise<string> {
  const proof = await sendProof(client, namespace, FIELD_MANAGER);
  if (proof.result === "answered") return `${proof.replica} has answered`;
  throw new Error(UNANSWERED);
}

async function policyRefused({ client, testNamespace }: Installation): Promise<string> {
  const path = `/apis/${CRDS}/namespaces/${testNamespace}/${HEALTH_POLICIES}`;
  const query = { dryRun: "All" };
  try {
    await client.request({ method: "POST", path, query, body: BAD_POLICY });
  } catch (error) {
    if (error instanceof ApiError && error.message.includes(REFUSAL)) return REFUSAL;
    throw error;
  }
  throw new Error(
    "The API server takes a policy whose checkTimeout is more than its interval: its CustomResourceDefinition is not that of this release.",
  );
}

async function podInjected({ client, testNamespace }: Installation): Promise<string> {
  const path = `/api/v1/namespaces/${testNamespace}/pods`;
  const query = { dryRun: "All" };
  const { spec } = await client.request<{
    spec: { initContainers?: { name: string; image: string }[] };
  }>({
    method: "POST",
    path,
    query,
    body: POD,
  });
  const sidecar = spec.initContainers?.find(({ name }) => name === SIDECAR_CONTAINER);
  if (sidecar) return sidecar.image;
  throw new Error(
    `A pod that HealthPolicy ${testNamespace}/healthpolicy-test selects gets no sidecar.`,
  );
}

/** The checks, in the order in which one needs the other. */
export function installationChecks(installation: Installation): InstallationCheck[] {
  const check = (
    name: string,
    run: (installation: Installation) => Promise<string>,
    see: string,
  ): InstallationCheck => ({ name, run: () => run(installation), see });
  return [
    check(
      "the CustomResourceDefinitions are served",
      definitionsServed,
      "chart/README.md#custom-resource-definitions",
    ),
    check(
      "the webhook's certificate is valid and trusted",
      certificateTrusted,
      "docs/troubleshooting.md#the-operator-does-not-get-ready",
    ),
    check(
      "API servers reach the webhook",
      webhookReached,
      "docs/troubleshooting.md#webhookunreachable",
    ),
    check(
      "a policy with a mistake is refused",
      policyRefused,
      "chart/README.md#custom-resource-definitions",
    ),
    check(
      "a new pod gets the sidecar",
      podInjected,
      "docs/troubleshooting.md#a-pod-has-no-sidecar",
    ),
  ];
}
