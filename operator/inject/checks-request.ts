/**
 * The CPU that a sidecar asks for, by what its policy's checks take. Where a node's CPUs are full, a container gets its
 * request and little more, whatever its limit: with less, checks of healthy servers end as ConnectTimeout or
 * CheckTimeout, and pods leave their Services at peak load (docs/decisions/0031).
 */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { DEPENDENCY_DEFAULTS } from "../api/limits.ts";
import type { DependencyType, Slots, TlsMode } from "../api/policy-file.ts";

/** A request is a whole number of these: what is measured is not known better. */
const STEP_MILLICORES = 5;
/** Of each server of a ring after the first one; 0.3 of it is its name's lookup (docs/decisions/0017). */
const FURTHER_SERVER_MILLISECONDS = 1;

/** Milliseconds of CPU. */
interface CheckCosts {
  inClear: number;
  overTls: number;
}

const { negotiatedTlsMode, directTlsMode } = DEPENDENCY_DEFAULTS;

const byMode = (mode: TlsMode, { inClear, overTls }: CheckCosts) =>
  mode === "Disable" ? inClear : overTls;

/**
 * Milliseconds of CPU that one check of each type takes on busy CPUs: the table of docs/operations.md, "The CPU of
 * checks". A connection string is not read here, and may ask for TLS.
 */
const CHECK_MILLISECONDS: { [Type in DependencyType]: (slot: Slots[Type]) => number } = {
  postgresql: ({ tls }) => byMode(tls?.mode ?? negotiatedTlsMode, { inClear: 7, overTls: 16 }),
  mysql: ({ tls }) => byMode(tls?.mode ?? negotiatedTlsMode, { inClear: 6, overTls: 16 }),
  memcached: ({ servers }) => 4 + (servers.length - 1) * FURTHER_SERVER_MILLISECONDS,
  redis: ({ tls, connectionString }) =>
    byMode(tls?.mode ?? (connectionString ? directTlsMode : "Disable"), {
      inClear: 4,
      overTls: 12,
    }),
  tcp: () => 3,
  http: ({ tls }) => byMode(tls.mode, { inClear: 4, overTls: 12 }),
};

function checkMilliseconds<Type extends DependencyType>(type: Type, slots: Partial<Slots>): number {
  const slot = slots[type];
  // A type of a later version has no slot, and is not checked.
  return slot === undefined ? 0 : CHECK_MILLISECONDS[type](slot);
}

/** What of a policy says how much its checks take, and how soon they have to be over. */
type CheckedPolicy = Pick<EffectivePolicy, "dependencies" | "timing">;

/** The request with which all checks, begun together on full CPUs, end within `timing.checkTimeout`. */
export function checksRequest({ dependencies, timing }: CheckedPolicy): string {
  const milliseconds = dependencies
    .map((dependency) => checkMilliseconds(dependency.type as DependencyType, dependency))
    .reduce((sum, one) => sum + one, 0);
  const seconds = timing.checkTimeoutMilliseconds / 1_000;
  return `${Math.ceil(milliseconds / seconds / STEP_MILLICORES) * STEP_MILLICORES}m`;
}
