/**
 * The kernel of each node of the test cluster notes every connection that leaves one of its pods, and the node keeps
 * what its network plugin says of each pod. See docs/security.md for what that cannot see.
 */
import { NODE, onNode, SECOND_NODE } from "../e2e/harness/node.ts";
import type { ConnectedPod, Connection, Recorded } from "./foreign-connections.ts";

const TABLE = "healthpolicy_test";
/**
 * Different connections of a run on a node. Beyond it the kernel would leave some out, so a full record is an error.
 */
const MOST_CONNECTIONS = 65_535;
/** Where container engines have the plugin's answers, a file for each pod and interface. They go with the pod. */
const ANSWERS = "/var/lib/cni/results";
/** On the same file system: hard links to those of all pods of the run. */
const KEPT = "/var/lib/healthpolicy-test-pods";
/** In memory, so that it is gone, as the table is, once the node was started again. */
const BEGUN = "/run/healthpolicy-test-connections";
/** Seconds between two looks at the answers. No container starts and ends in less. */
const BETWEEN_LOOKS = 0.5;
/** Seconds after which nobody reads the record any more: longer than `make test` lets any run of Jest take. */
const LONGEST_RUN = 3_600;

/**
 * Before any address is rewritten, and before a test's rule drops a packet: the first packet of each connection, and
 * every datagram. A set holds each combination once, so no number of connections makes it lose another. A datagram from
 * port 53 is noted by that port: name servers answer each question at another one, and those would fill the set.
 */
const RULES = `table inet ${TABLE} {
  set connections {
    typeof iifname . ip saddr . meta l4proto . ip daddr . th dport
    size ${MOST_CONNECTIONS}
    flags dynamic
  }
  chain record {
    type filter hook prerouting priority -400
    iifname "veth*" tcp flags & (syn | ack) == syn add @connections { iifname . ip saddr . meta l4proto . ip daddr . th dport }
    iifname "veth*" udp sport 53 add @connections { iifname . ip saddr . meta l4proto . ip daddr . th sport } return
    iifname "veth*" meta l4proto udp add @connections { iifname . ip saddr . meta l4proto . ip daddr . th dport }
  }
}
`;

/**
 * Also where there is nothing to forget. Where the loop looks at that moment, a folder has new files as it is removed,
 * and stays; between two looks it does not.
 */
const FORGET = `nft delete table inet ${TABLE} 2>/dev/null
for time in 1 2 3 4 5; do rm -rf ${BEGUN} ${KEPT} && break; sleep 0.1; done
test ! -e ${KEPT}`;

/** The loop ends with its folder, in which nothing can be touched once it is removed, though another has its name. */
const BEGIN = `${FORGET}
set -e
mkdir ${KEPT}
cd ${KEPT}
setsid timeout ${LONGEST_RUN} sh -c '
  while touch looked; do
    cp --link --no-clobber ${ANSWERS}/*-eth0 .
    sleep ${BETWEEN_LOOKS}
  done' </dev/null >/dev/null 2>&1 &
nft -f -
touch ${BEGUN}`;

/**
 * A line with the set, then one for each answer, whether its file ends with a line end or not; nothing without a
 * record.
 */
const READ = `test -e ${BEGUN} || exit 0
nft -j list set inet ${TABLE} connections
find ${KEPT} -type f -exec awk 1 {} +`;

/** Runs a script on each node; gives what they print. */
const onNodes = (script: string, input = "") =>
  Promise.all([NODE, SECOND_NODE].map((node) => onNode(["sh", "-c", script], { node, input })));

/** Begins to record, with nothing in it. */
export async function startRecording(): Promise<void> {
  await onNodes(BEGIN, RULES);
}

/** Ends a recording and forgets what it has. */
export async function stopRecording(): Promise<void> {
  await onNodes(FORGET);
}

/** What `nft -j list set` prints; only what is read. */
interface ListedSet {
  nftables: { set?: { elem?: { concat: [string, string, string, string, number] }[] } }[];
}

function connectionsIn(listed: string): Connection[] {
  const { nftables } = JSON.parse(listed) as ListedSet;
  const elements = nftables.flatMap(({ set }) => set?.elem ?? []);
  if (elements.length >= MOST_CONNECTIONS) throw new Error("the record of connections is full");
  return elements.map(({ concat: [device, source, protocol, address, port] }) => ({
    device,
    source,
    protocol,
    address,
    port,
  }));
}

/** The network plugin's answer about a pod, as the container engine keeps it; only what is read. */
interface Answer {
  cniArgs: [string, string][];
  result: {
    /** That of the node has no sandbox. */
    interfaces: { name: string; sandbox?: string }[];
    ips: { address: string }[];
  };
}

function podIn(answer: string): ConnectedPod {
  const { cniArgs, result } = JSON.parse(answer) as Answer;
  const args = new Map(cniArgs);
  return {
    namespace: args.get("K8S_POD_NAMESPACE") ?? "",
    name: args.get("K8S_POD_NAME") ?? "",
    device: result.interfaces.find(({ sandbox }) => !sandbox)?.name ?? "",
    address: result.ips[0]?.address.replace(/\/.*/, "") ?? "",
  };
}

/** All that was recorded; undefined where a node was started again meanwhile, and its record went with that. */
export async function readRecord(): Promise<Recorded | undefined> {
  const records = (await onNodes(READ)).map((text) => text.split("\n").filter(Boolean));
  if (records.some((lines) => lines.length === 0)) return undefined;
  return {
    connections: records.flatMap(([listed = ""]) => connectionsIn(listed)),
    pods: records.flatMap(([, ...answers]) => answers.map(podIn)),
  };
}
