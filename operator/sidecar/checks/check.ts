/** The one shape of a check, shared by every dependency type. */
import type { DependencyConfig, SecretKeyReference } from "../../api/policy-file.ts";
import type { Reason } from "../../api/reasons.ts";
import type { AddressOrder } from "./address-order.ts";
import type { LineBreaks } from "./line-breaks.ts";

/** How a Secret key is read. */
export interface SecretReadOptions {
  /** The longest value that is taken; 64 KiB unless given. */
  maximumBytes?: number;
  /** Whether the line break at its end stays. */
  keepsLineBreak?: boolean;
}

/** What a check is given besides its dependency. */
export interface CheckContext {
  /** Fires at the check's deadline (checkTimeout) or when the program stops; ends every wait. */
  signal: AbortSignal;
  /** Budget in milliseconds for name resolution and connect together. */
  connectTimeoutMilliseconds: number;
  /**
   * What `signal` still allows, in milliseconds. A check that leaves work on a server needs the number: a database
   * that is not told goes on with a query whose client has gone.
   */
  remainingMilliseconds(): number;
  /**
   * The text of a mounted Secret key, read afresh from the volume so that a rotated password counts at once. Rejects
   * with a CheckError: CredentialsMissing (no such Secret or key), NeedsRestart (this pod does not mount it) or
   * Misconfigured (not text, or too long).
   */
  readSecretKey(reference: SecretKeyReference, options?: SecretReadOptions): Promise<string>;
  /** What the dependency's checks before this one have met with values that end in a line break. */
  lineBreaks?: LineBreaks | undefined;
  /** What the dependency's checks before this one have met at the addresses of its servers. */
  addressOrder?: AddressOrder | undefined;
  /**
   * To be told what connecting takes, in milliseconds of CPU as estimated: for each lookup, each name server that is
   * asked, each address that is dialled and each key that is derived from a password, also where that fails.
   */
  onConnect?: ((cpuMilliseconds: number) => void) | undefined;
  /** To be told what a TLS handshake of this check took, in milliseconds of CPU, also where it failed. */
  onHandshake?: ((cpuMilliseconds: number) => void) | undefined;
  /**
   * To be told where this check goes, by targetFingerprint, once its Secrets are read: their content can name another
   * server or user while the policy stays as it is.
   */
  onTarget?: ((target: string) => void) | undefined;
}

/** What a successful check learned. */
export interface CheckSuccess {
  /** Whether the connection was encrypted; unset where the protocol has no TLS here. */
  tls?: boolean;
  /** Indexes and reasons of parts that fail although the whole is up: `servers[1]=ConnectionRefused`. */
  detail?: string;
}

/**
 * One dependency type. `run` settles exactly once and by the time that `signal` fires: it resolves
 * when the dependency gave a right answer in its own protocol and rejects with any error otherwise.
 */
export interface Check {
  /** The name of its slot in the API. */
  type: string;
  run(dependency: DependencyConfig, context: CheckContext): Promise<CheckSuccess>;
}

/** What is said of a failure besides its reason; as in CheckError. */
interface CheckErrorTexts {
  detail?: string | undefined;
  problem?: string | undefined;
}

/** A failure whose reason the check itself knows. Its message is the reason alone, never a driver's text. */
export class CheckError extends Error {
  readonly reason: Reason;
  /** Indexes and reasons of the parts that failed; holds no address. */
  readonly detail: string | undefined;
  /** For the log alone: what has to be written instead. Of fixed words and names of the policy, nothing of a Secret. */
  readonly problem: string | undefined;

  constructor(reason: Reason, { detail, problem }: CheckErrorTexts = {}) {
    super(reason);
    this.name = "CheckError";
    this.reason = reason;
    this.detail = detail;
    this.problem = problem;
  }
}

/** A failure that its user mends; `problem` as in CheckError. */
export function misconfigured(problem: string): CheckError {
  return new CheckError("Misconfigured", { problem });
}
