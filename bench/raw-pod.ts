/** An injected pod as an API server has it. */
import {
  POLICY_ANNOTATION,
  PORT_ENV,
  REVISION_ANNOTATION,
  SIDECAR_CONTAINER,
  SIDECAR_PORT,
} from "../operator/api/names.ts";

/** What tells one from the other. */
export interface RawPod {
  number: number;
  ip: string;
  /** Whether its sidecar is. */
  ready: boolean;
  /** Where its sidecar listens. */
  port?: number;
  created?: string;
}

/** One of a Deployment's pods that the policy of rawPolicy() selects. */
export function rawPod(pod: RawPod) {
  const { number, ip, ready, port = SIDECAR_PORT, created = "2026-01-01T00:00:00Z" } = pod;
  const env = [{ name: PORT_ENV, value: String(port) }];
  return {
    metadata: {
      namespace: "shop",
      name: `web-6d5f7c9b8d-${number}`,
      uid: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
      creationTimestamp: created,
      labels: { app: "web", "pod-template-hash": "6d5f7c9b8d" },
      annotations: { [POLICY_ANNOTATION]: "web", [REVISION_ANNOTATION]: "r" },
    },
    spec: {
      restartPolicy: "Always",
      initContainers: [{ name: SIDECAR_CONTAINER, image: "sidecar:1", env }],
    },
    status: {
      phase: "Running",
      podIP: ip,
      initContainerStatuses: [{ name: SIDECAR_CONTAINER, ready, started: true }],
    },
  };
}
