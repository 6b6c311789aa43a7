/** Pure: the addresses that no check may dial, whatever a policy, a Secret or a name server says. */
import { BlockList, isIP } from "node:net";

const REFUSED = new BlockList();
/** Those among them that no server has. */
const NO_SERVERS = new BlockList();

/** What stands before an IPv4 address in IPv6 ones behind a NAT64 gateway (RFC 6052). */
const NAT64 = "64:ff9b::";

/**
 * Adds an IPv4 network, and the IPv6 addresses that lead to it: by NAT64, by 6to4, by a Teredo server, and
 * IPv4-compatible ones, which RFC 4291 has given up.
 */
function addIpv4(list: BlockList, network: string, prefix: number): void {
  list.addSubnet(network, prefix, "ipv4");
  list.addSubnet(NAT64 + network, 96 + prefix, "ipv6");
  const [first = 0, second = 0, third = 0, fourth = 0] = network.split(".").map(Number);
  const halves = [first * 256 + second, third * 256 + fourth].map((half) => half.toString(16));
  list.addSubnet(`2002:${halves.join(":")}::`, 16 + prefix, "ipv6");
  list.addSubnet(`2001:0:${halves.join(":")}::`, 32 + prefix, "ipv6");
  // Among those of the network 0.0.0.0 is ::1, the pod itself.
  if (first !== 0) list.addSubnet(`::${network}`, 96 + prefix, "ipv6");
}

/*
 * Link-local networks and what clouds serve machine credentials from. Loopback is allowed: it reaches
 * only the pod itself (proxies that log in for the app, PgBouncer beside it).
 */
const METADATA = new BlockList();
for (const [network, prefix] of [
  ["169.254.0.0", 16],
  // Metadata outside the link-local network: Alibaba Cloud, Oracle Cloud and Azure.
  ["100.100.100.200", 32],
  ["192.0.0.192", 32],
  ["168.63.129.16", 32],
] as const) {
  addIpv4(REFUSED, network, prefix);
  METADATA.addSubnet(network, prefix, "ipv4");
}
for (const list of [REFUSED, NO_SERVERS]) {
  // What dials 0.0.0.0 reaches its own pod.
  addIpv4(list, "0.0.0.0", 8);
  list.addAddress("::", "ipv6");
  // Multicast and broadcast. What is reserved between them, 240.0.0.0/4, serves as pod network in some clusters.
  addIpv4(list, "224.0.0.0", 4);
  addIpv4(list, "255.255.255.255", 32);
  list.addSubnet("ff00::", 8, "ipv6");
}
REFUSED.addSubnet("fe80::", 10, "ipv6");
// Site-local, given up by RFC 3879. By one of them a virtual machine of QEMU reaches the machine that runs it.
REFUSED.addSubnet("fec0::", 10, "ipv6");
// A translator of SIIT (RFC 2765).
REFUSED.addSubnet("::ffff:0:0:0", 96, "ipv6");
// Credentials over IPv6: machines and pods (EKS Pod Identity) of AWS, then machines of Google Cloud, Oracle Cloud,
// Akamai (Linode), Scaleway and Alibaba Cloud.
for (const address of [
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "fd00:c1::a9fe:a9fe",
  "fd00:a9fe:a9fe::1",
  "fd00:42::42",
  "fd00:100::100:200",
]) {
  REFUSED.addAddress(address, "ipv6");
}

/** NAT64 gateways of the own network (RFC 8215). Honest dependencies may be behind one. */
const LOCAL_NAT64 = new BlockList();
LOCAL_NAT64.addSubnet("64:ff9b:1::", 48, "ipv6");
/** Where an IPv4 address mostly is in the 16 bytes of an IPv6 one. */
const LAST_FOUR = [12, 13, 14, 15];
/**
 * Which bytes of an address behind such a gateway are those of the IPv4 one, for each prefix that it may have
 * (RFC 6052).
 */
const IPV4_PLACES = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], LAST_FOUR];

/** What stands before the IPv4 address in the second half of one of ISATAP, in its local and its global form. */
const ISATAP_IDENTIFIERS: readonly string[] = ["00005efe", "02005efe"];

/** Whether dialling `address` is refused. Something that is no plain IP address (a zone id) is, too. */
export function isRefusedAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes("%")) return true;
  if (family === 4) return REFUSED.check(address, "ipv4");
  if (REFUSED.check(address, "ipv6")) return true;
  const bytes = bytesOf(address);
  if (isIsatap(bytes) && REFUSED.check(ipv4Of(bytes, LAST_FOUR), "ipv4")) return true;
  // Nobody here knows which prefix the gateway has, so that each is tried.
  return (
    LOCAL_NAT64.check(address, "ipv6") &&
    IPV4_PLACES.some((places) => METADATA.check(ipv4Of(bytes, places), "ipv4"))
  );
}

/**
 * Whether no server can have `address`: 0.0.0.0/8, `::`, multicast or broadcast. Name servers answer 0.0.0.0 or `::`
 * for names that they block. All of these are refused, too.
 */
export function isNoServersAddress(address: string): boolean {
  return NO_SERVERS.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

/** Whether the address belongs to a tunnel of ISATAP (RFC 5214), whatever its network. */
function isIsatap(bytes: Buffer): boolean {
  return ISATAP_IDENTIFIERS.includes(bytes.toString("hex", 8, 12));
}

function ipv4Of(bytes: Buffer, places: readonly number[]): string {
  return places.map((place) => bytes[place]).join(".");
}

/** The 16 bytes of an IPv6 address. */
function bytesOf(address: string): Buffer {
  // Written in one way: hexadecimal groups alone.
  const usual = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left = "", right = ""] = usual.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const zeros = Array(8 - groups(left).length - groups(right).length).fill("0");
  const all = usual.includes("::") ? [...groups(left), ...zeros, ...groups(right)] : groups(left);
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
