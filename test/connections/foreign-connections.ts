/** Which connections of the operator lead to nobody that it has to speak with. Pure. */
import { isSidecarPort } from "../../operator/api/names.ts";
import { OPERATOR_NAMESPACE, WEBHOOK_PORT } from "../e2e/harness/operator.ts";

/** Where something listens. */
export interface Destination {
  protocol: string;
  address: string;
  port: number;
}

/** A connection that left a pod, or a datagram, before any address in it was rewritten. */
export interface Connection extends Destination {
  /** The pod's interface on its node. No two pods have the same one, while addresses are given again. */
  device: string;
  source: string;
}

/** A pod, alive or gone, as the network plugin connected it. */
export interface ConnectedPod {
  namespace: string;
  name: string;
  device: string;
  address: string;
}

/** What was recorded over a run. */
export interface Recorded {
  connections: readonly Connection[];
  pods: readonly ConnectedPod[];
}

/** What the operator may reach beside pods, and what it was made to reach so that the record is known to work. */
export interface Expected {
  /** The Services of the API server and of the name servers. */
  services: readonly Destination[];
  /** A connection of a replica that nothing else makes. */
  onPurpose: Destination;
}

/** Pods of the operator's Deployment; that of `helm test` is none of them. */
const isOperator = ({ namespace, name }: ConnectedPod) =>
  namespace === OPERATOR_NAMESPACE && name.startsWith("healthpolicy-operator-");

const isAt =
  ({ protocol, address, port }: Destination) =>
  (other: Destination) =>
    other.protocol === protocol && other.address === address && other.port === port;

/** Whether a pod listens there that the operator may ask: another replica's webhook, or a sidecar. */
function isAskedPod(
  { protocol, address, port }: Destination,
  pods: readonly ConnectedPod[],
): boolean {
  if (protocol !== "tcp") return false;
  const there = pods.filter((pod) => pod.address === address);
  return there.some((pod) => isSidecarPort(port) || (isOperator(pod) && port === WEBHOOK_PORT));
}

function judged(connection: Connection, { pods }: Recorded, { services }: Expected): string[] {
  const { device, source, protocol, address, port } = connection;
  const pod = pods.find((one) => one.device === device && one.address === source);
  const to = `connected to ${address}, port ${port} (${protocol})`;
  if (!pod) return [`${source} ${to}, and nobody knows which pod it was`];
  if (!isOperator(pod)) return [];
  if (services.some(isAt(connection)) || isAskedPod(connection, pods)) return [];
  return [`${pod.name} ${to}: no API server, name server, replica or sidecar is there`];
}

/**
 * One sentence for each connection of the operator that leads elsewhere, and for each one of which nobody can say
 * whether it is the operator's. Also where the one that was made on purpose is missing: then others may be, too.
 */
export function foreignConnections(recorded: Recorded, expected: Expected): string[] {
  const isOnPurpose = isAt(expected.onPurpose);
  const others = recorded.connections.filter((connection) => !isOnPurpose(connection));
  const { address, port } = expected.onPurpose;
  const missing =
    others.length === recorded.connections.length
      ? [`a replica connected to ${address}, port ${port}, on purpose, and that was not recorded`]
      : [];
  return [...missing, ...others.flatMap((connection) => judged(connection, recorded, expected))];
}
