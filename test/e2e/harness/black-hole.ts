import { withDropRule } from "./drop-rule.ts";
import { kubectlJson } from "./kubectl.ts";

/** A Service whose packets disappear. */
export interface Hole {
  namespace: string;
  service: string;
  port: number;
  /** The node whose pods cannot reach it; the one that runs everything unless it is set. */
  node?: string;
}

interface Service {
  spec: { clusterIP: string };
}

/**
 * Drops every packet to the Service's ClusterIP while `during` runs. The rule stands in the raw table,
 * before kube-proxy rewrites the address; it meets traffic from pods, not from the node itself.
 */
export async function withBlackHole(hole: Hole, during: () => Promise<void>): Promise<void> {
  const { spec } = await kubectlJson<Service>("get", "service", hole.service, "-n", hole.namespace);
  const match = ["-p", "tcp", "-d", spec.clusterIP, "--dport", String(hole.port)];
  const where = hole.node === undefined ? {} : { node: hole.node };
  await withDropRule({ table: "raw", chain: "PREROUTING", match, ...where }, during);
}

/**
 * Drops what the API server sends to the webhook while `during` runs, as a firewall between the two would.
 * The API server has the node's network, so its packets leave by OUTPUT, where kube-proxy has already put
 * the pod's address and port in; the replicas' own calls to each other come from pods and pass.
 */
export async function withWebhookPortBlocked(
  port: number,
  during: () => Promise<void>,
): Promise<void> {
  const match = ["-p", "tcp", "--dport", String(port)];
  await withDropRule({ table: "filter", chain: "OUTPUT", match }, during);
}
