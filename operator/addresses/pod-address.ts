/**
 * Pure: the addresses at which a sidecar may be asked. Kubelets write the address of a pod, and so may whoever may
 * write the status of pods.
 */
import { BlockList, isIP } from "node:net";
import { isRefusedAddress } from "./refused-addresses.ts";

/**
 * A dependency may have a loopback address, a pod that is asked may not: an operator or a sidecar would ask itself, or
 * something else beside it.
 */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");

/**
 * IPv6 addresses that lead to an IPv4 one, and so to loopback or out of the cluster. No pod has one, wherever it leads.
 */
const NO_POD_IPV6 = new BlockList();
for (const [network, prefix] of [
  // IPv4-compatible, which RFC 4291 has given up; ::1 is among them.
  ["::", 96],
  // IPv4-mapped (RFC 4291).
  ["::ffff:0:0", 96],
  // Translators: SIIT (RFC 2765), NAT64 (RFC 6052, RFC 8215).
  ["::ffff:0:0:0", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  // Tunnels: ISATAP (RFC 5214), Teredo (RFC 4380), 6to4 (RFC 3056).
  ["::5efe:0:0", 96],
  ["::200:5efe:0:0", 96],
  ["2001::", 32],
  ["2002::", 16],
] as const) {
  NO_POD_IPV6.addSubnet(network, prefix, "ipv6");
}

/** Whether a pod could have this address. */
export function isPodAddress(ip: string): boolean {
  if (isRefusedAddress(ip)) return false;
  return isIP(ip) === 6 ? !NO_POD_IPV6.check(ip, "ipv6") : !LOOPBACK.check(ip, "ipv4");
}
