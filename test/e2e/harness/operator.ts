import { setTimeout as sleep } from "node:timers/promises";
import { METRICS_ARE_OF_NOW, OPERATOR_ROLLOUT } from "../timeouts.ts";
import { apiGet } from "./api-get.ts";
import { kubectl, kubectlJson } from "./kubectl.ts";
import { type Pod, podsOf } from "./pods.ts";
import { waitUntil } from "./wait-for.ts";

/** Where `make cluster` installs the operator. */
export const OPERATOR_NAMESPACE = "healthpolicy-system";
/** What the API server calls it there. */
export const OPERATOR_ACCOUNT = `system:serviceaccount:${OPERATOR_NAMESPACE}:healthpolicy`;
const DEPLOYMENT = "deployment/healthpolicy-operator";
/** Labels of its pods. */
export const OPERATOR_SELECTOR =
  "app.kubernetes.io/name=healthpolicy,app.kubernetes.io/component=operator";
/** The name in the webhook's certificate, by which API servers call it. */
export const WEBHOOK_DNS_NAME = `healthpolicy-webhook.${OPERATOR_NAMESPACE}.svc`;
/** The Secret of that certificate, as kubectl takes it. */
export const WEBHOOK_SECRET = [
  "secret",
  "healthpolicy-webhook-certificate",
  "-n",
  OPERATOR_NAMESPACE,
];
export const WEBHOOK_PORT = 9_443;
export const MANAGEMENT_PORT = 8_080;

export const operatorPods = (): Promise<Pod[]> => podsOf(OPERATOR_NAMESPACE, OPERATOR_SELECTOR);

/**
 * Waits until the replicas that end are gone. After an upgrade they go on answering on the connections that the API
 * server has kept, for the 5 s of their drain, and inject what their own settings say.
 */
export function oldReplicasGone(): Promise<void> {
  return waitUntil({ what: "the old replicas to be gone", within: OPERATOR_ROLLOUT }, async () => {
    const inNamespace = ["-n", OPERATOR_NAMESPACE, "-l", OPERATOR_SELECTOR];
    const { items } = await kubectlJson<{ items: Pod[] }>("get", "pods", ...inNamespace);
    return items.every(({ metadata }) => metadata.deletionTimestamp === undefined);
  });
}

/** Scales the operator and waits until that is so. */
export async function scaleOperator(replicas: number): Promise<void> {
  const inNamespace = ["-n", OPERATOR_NAMESPACE];
  await kubectl([...inNamespace, "scale", DEPLOYMENT, `--replicas=${replicas}`]);
  if (replicas === 0) {
    await kubectl(
      [
        ...inNamespace,
        "wait",
        "pod",
        "-l",
        OPERATOR_SELECTOR,
        "--for=delete",
        `--timeout=${OPERATOR_ROLLOUT}ms`,
      ],
      { timeout: OPERATOR_ROLLOUT },
    );
  } else {
    await kubectl(
      [...inNamespace, "rollout", "status", DEPLOYMENT, `--timeout=${OPERATOR_ROLLOUT}ms`],
      { timeout: OPERATOR_ROLLOUT },
    );
  }
}

/** The lines of a metric in each replica, by pod name. */
async function metricLines(name: string): Promise<[string, string[]][]> {
  const all = (await operatorPods()).map(async ({ metadata }): Promise<[string, string[]]> => {
    const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods/${metadata.name}:${MANAGEMENT_PORT}/proxy/metrics`;
    const lines = (await apiGet(path)).split("\n");
    return [metadata.name, lines.filter((line) => new RegExp(`^${name}[{ ]`).test(line))];
  });
  return Promise.all(all);
}

const numberOf = (line: string) => Number(line.split(" ").at(-1));

/** Sum of the admission reviews that each replica has answered by now, by pod name. */
export async function injectionCounts(): Promise<Record<string, number>> {
  await sleep(METRICS_ARE_OF_NOW);
  const replicas = await metricLines("healthpolicy_injections_total");
  const sums = replicas.map(
    ([pod, lines]) => [pod, lines.map(numberOf).reduce((sum, value) => sum + value, 0)] as const,
  );
  return Object.fromEntries(sums);
}

/** The lines of a metric in all replicas, in no order. */
export async function operatorMetricLines(name: string): Promise<string[]> {
  return (await metricLines(name)).flatMap(([, lines]) => lines);
}

/** Every value that any replica gives for a metric, in no order. */
export async function operatorMetric(name: string): Promise<number[]> {
  return (await metricLines(name)).flatMap(([, lines]) => lines.map(numberOf));
}
