/** Makes packets to one address disappear on the node, and finds again what an interrupted demo left there. */
import { onNode } from "./cluster.ts";

/** Tells the demo's rules from everybody else's. */
const MARK = ["-m", "comment", "--comment", "healthpolicy-demo"];

const iptables = (...parameters: string[]) => onNode("iptables", "-w", "-t", "raw", ...parameters);

/** Where packets disappear. */
export interface Hole {
  /** A Service's ClusterIP. */
  address: string;
  port: number;
}

function rule({ address, port }: Hole): string[] {
  const packets = ["-p", "tcp", "-d", address, "--dport", String(port)];
  return ["PREROUTING", ...packets, ...MARK, "-j", "DROP"];
}

/** The raw table sees packets before the Service's address is rewritten to a pod's. */
export function openHole(hole: Hole): void {
  iptables("-I", ...rule(hole));
}

export function closeHole(hole: Hole): void {
  iptables("-D", ...rule(hole));
}

/**
 * The demo's own rules in a listing by `iptables -S`, each as the parameters that delete it; rules of
 * others are left alone.
 */
export function deletionsOf(listing: string): string[][] {
  return listing
    .split("\n")
    .filter((line) => line.startsWith("-A ") && `${line} `.includes(` ${MARK.join(" ")} `))
    .map((line) => ["-D", ...line.trim().split(" ").slice(1)]);
}

/** Closes the holes of demos that were killed in the middle; gives how many. */
export function closeLeftHoles(): number {
  const deletions = deletionsOf(iptables("-S", "PREROUTING"));
  for (const deletion of deletions) iptables(...deletion);
  return deletions.length;
}
