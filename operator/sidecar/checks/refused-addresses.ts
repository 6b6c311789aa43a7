/** Pure: the addresses that no check may dial, whatever a policy, a Secret or a name server says. */
import { BlockList, isIP } from "node:net";

/**
 * Link-local networks and what clouds serve machine credentials from. Loopback is allowed: it reaches
 * only the pod itself (proxies that log in for the app, PgBouncer beside it).
 */
const REFUSED = new BlockList();
REFUSED.addSubnet("0.0.0.0", 8, "ipv4");
REFUSED.addSubnet("169.254.0.0", 16, "ipv4");
// Metadata outside the link-local network: Alibaba Cloud, Oracle Cloud and Azure.
REFUSED.addAddress("100.100.100.200", "ipv4");
REFUSED.addAddress("192.0.0.192", "ipv4");
REFUSED.addAddress("168.63.129.16", "ipv4");
REFUSED.addAddress("::", "ipv6");
REFUSED.addSubnet("fe80::", 10, "ipv6");
// Metadata over IPv6: AWS and Google Cloud.
REFUSED.addAddress("fd00:ec2::254", "ipv6");
REFUSED.addAddress("fd20:ce::254", "ipv6");
// 169.254.0.0/16 behind a NAT64 gateway.
REFUSED.addSubnet("64:ff9b::a9fe:0", 112, "ipv6");

/** Whether dialling `address` is refused. Something that is no plain IP address (a zone id) is, too. */
export function isRefusedAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes("%")) return true;
  return REFUSED.check(address, family === 4 ? "ipv4" : "ipv6");
}
