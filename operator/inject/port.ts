/** Which port the sidecar listens on in a pod. All containers of a pod share one set of ports. */
import { LAST_SIDECAR_PORT, SIDECAR_PORT } from "../api/names.ts";
import type { Container, Probe } from "./pod.ts";

/** A container port's name is a DNS label of at most 15 characters. */
const PORT_NAME = "healthpolicy";

const HANDLERS = ["httpGet", "tcpSocket", "grpc"] as const;

function probePorts(probe: Probe | undefined): unknown[] {
  if (!probe) return [];
  return HANDLERS.map((handler) => (probe[handler] as { port?: unknown } | undefined)?.port);
}

/**
 * Ports that a container says it listens on. A probe's number counts too: declaring a port is
 * optional, and a probe that we answered instead of the app would keep a dead app alive.
 */
function claimedPorts(container: Container): unknown[] {
  return [
    ...(container.ports ?? []).map((port) => port.containerPort),
    ...probePorts(container.readinessProbe),
    ...probePorts(container.livenessProbe),
    ...probePorts(container.startupProbe),
  ];
}

/** The first port from SIDECAR_PORT on that none of `others` claims; undefined when all are taken. */
export function freePort(others: readonly Container[]): number | undefined {
  const claimed = new Set(others.flatMap(claimedPorts));
  for (let port = SIDECAR_PORT; port <= LAST_SIDECAR_PORT; port++) {
    if (!claimed.has(port)) return port;
  }
  return undefined;
}

/**
 * The sidecar's entry under `ports`. It is declared, so that other injectors keep off it and a
 * PodMonitor can name it. Where the app uses that name already ours has none: a Service that targets
 * the app's port by name must not find ours.
 */
export function portEntry(port: number, others: readonly Container[]): Record<string, unknown> {
  const names = new Set(others.flatMap((other) => (other.ports ?? []).map(({ name }) => name)));
  return {
    ...(!names.has(PORT_NAME) && { name: PORT_NAME }),
    containerPort: port,
    protocol: "TCP",
  };
}
