import { KUBECTL } from "../timeouts.ts";
import { kubectlJson, runOrThrow } from "./kubectl.ts";

const NODE = "healthpolicy-control-plane";

/** A Service whose packets disappear. */
export interface Hole {
  namespace: string;
  service: string;
  port: number;
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
  const rule = ["-p", "tcp", "-d", spec.clusterIP, "--dport", String(hole.port), "-j", "DROP"];
  const iptables = (action: string) =>
    runOrThrow(
      "docker",
      ["exec", NODE, "iptables", "-w", "-t", "raw", action, "PREROUTING", ...rule],
      {
        timeout: KUBECTL,
      },
    );
  await iptables("-I");
  try {
    await during();
  } finally {
    await iptables("-D");
  }
}
