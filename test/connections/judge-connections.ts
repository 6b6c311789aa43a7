/** After end-to-end tests: Jest's globalTeardown. Fails the run where the operator has spoken with a stranger. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { kubectl, kubectlJson } from "../e2e/harness/kubectl.ts";
import { operatorPods } from "../e2e/harness/operator.ts";
import { isReady } from "../e2e/harness/pods.ts";
import { waitFor } from "../e2e/harness/wait-for.ts";
import { OPERATOR_ROLLOUT } from "../e2e/timeouts.ts";
import { type Destination, foreignConnections } from "./foreign-connections.ts";
import { FOREIGN_CONNECTIONS_FILE } from "./foreign-connections-file.ts";
import { readRecord, stopRecording } from "./node-record.ts";

interface Service {
  spec: { clusterIP: string; ports: { protocol: string; port: number }[] };
}

async function destinationsOf(name: string, namespace: string): Promise<Destination[]> {
  const { spec } = await kubectlJson<Service>("get", "service", name, "-n", namespace);
  return spec.ports.map(({ protocol, port }) => ({
    protocol: protocol.toLowerCase(),
    address: spec.clusterIP,
    port,
  }));
}

/** Nothing listens there, so a node refuses at once. */
const DISCARD_PORT = 9;
const CONNECT = `require("node:net").connect(${DISCARD_PORT}, process.argv[1]).on("error", () => {})`;

/** Has a replica connect to its own node, where nobody listens. */
async function connectOnPurpose(): Promise<Destination> {
  const what = "a replica of the operator to be ready after the tests";
  const replica = await waitFor({ what, within: OPERATOR_ROLLOUT }, async () =>
    (await operatorPods()).find(isReady),
  );
  const address = replica.status.hostIP ?? "";
  const { namespace, name } = replica.metadata;
  await kubectl(["exec", "-n", namespace, name, "--", "node", "-e", CONNECT, address]);
  return { protocol: "tcp", address, port: DISCARD_PORT };
}

async function judge(): Promise<string[]> {
  const [onPurpose, ...services] = await Promise.all([
    connectOnPurpose(),
    destinationsOf("kubernetes", "default"),
    destinationsOf("kube-dns", "kube-system"),
  ]);
  const record = await readRecord();
  if (record === undefined) {
    console.log("\nThe operator's connections are not known: a node was started again.");
    return [];
  }
  return foreignConnections(record, { services: services.flat(), onPurpose });
}

/**
 * Prints what is wrong, writes it to a file and sets the exit status: an error thrown here would take Jest's report
 * along, and where a test failed too, Jest overwrites the status.
 */
export default async function judgeConnections(): Promise<void> {
  const problems = await judge()
    .finally(stopRecording)
    .catch((error: Error) => [error.message]);
  if (problems.length === 0) return;
  console.error(`\nFAILED the operator's connections:\n${problems.join("\n")}`);
  mkdirSync(dirname(FOREIGN_CONNECTIONS_FILE), { recursive: true });
  writeFileSync(FOREIGN_CONNECTIONS_FILE, problems.join("\n"));
  process.exitCode = 1;
}
