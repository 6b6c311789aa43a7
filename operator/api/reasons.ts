/**
 * The closed list of reasons, the same in probe body, status, metric label and log, and what each of
 * them may do to a pod. A reason is all that leaves the process: the text of a driver's error can hold
 * addresses and passwords.
 */

/** When a failure with a certain reason keeps a pod out of its Services. */
export type Gating =
  /** Whenever it occurs: the dependency cannot be reached or answers wrongly. */
  | "Always"
  /** Until the pod's sidecar has first been ready: a rotated password must not empty a Service that works. */
  | "UntilFirstReady"
  /** Never: only a new pod or a newer sidecar can mend it. */
  | "Never";

const GATING = {
  ConnectionRefused: "Always",
  ConnectTimeout: "Always",
  HostNotFound: "Always",
  ResolverFailed: "Always",
  HostUnreachable: "Always",
  CheckTimeout: "Always",
  ConnectionClosed: "Always",
  ProtocolError: "Always",
  ServerStarting: "Always",
  InvalidResponse: "Always",
  TooFewServers: "Always",
  AuthenticationFailed: "UntilFirstReady",
  TLSFailed: "UntilFirstReady",
  TooManyConnections: "UntilFirstReady",
  CredentialsMissing: "UntilFirstReady",
  Misconfigured: "UntilFirstReady",
  NeedsRestart: "Never",
  Unsupported: "Never",
} as const satisfies Record<string, Gating>;

/** Why a check of a dependency failed. */
export type Reason = keyof typeof GATING;

/** Why a pod as a whole is in its state, where no single dependency says it. */
export type PodReason = "Starting" | "NoPolicy" | "Unsupported" | "DryRun" | "SharedFault";

/** Every reason of a dependency, in the order of the documentation. */
export const REASONS = Object.keys(GATING) as Reason[];

/** When a failure with this reason may keep a pod unready. */
export function gatingOf(reason: Reason): Gating {
  return GATING[reason];
}

/**
 * Whether a failure with this reason may keep the pod unready.
 * `firstReady`: the pod's sidecar has been ready at least once since the pod was created.
 */
export function reasonGates(reason: Reason, firstReady: boolean): boolean {
  const gating = gatingOf(reason);
  return gating === "Always" || (gating === "UntilFirstReady" && !firstReady);
}
