/** Pure: the texts of /readyz and /status. They hold names, indexes, reasons and fixed words alone. */
import { MAX_STATUS_BYTES } from "../../api/limits.ts";
import type { PodReason, Reason } from "../../api/reasons.ts";
import type { DependencyView, PodView } from "../pod-view.ts";
import type { Verdict } from "../verdict.ts";

/** Longest body of /readyz in bytes: enough for a person to read. The kubelet looks at the status code alone. */
export const MAX_READY_BYTES = 1_024;

/** The status code and body of a probe. */
export interface ReadyAnswer {
  status: 200 | 503;
  body: string;
}

function line({ name, state }: DependencyView): string {
  // Without a reason nothing has been checked yet.
  const reason: Reason | PodReason = state.reason ?? "Starting";
  return state.detail ? `${name}: ${reason} ${state.detail}` : `${name}: ${reason}`;
}

const sharedIn = ({ shared }: Verdict) => shared ?? [];

/** As many whole lines as fit. */
function cut(lines: string[]): string {
  let body = "";
  for (const next of lines) {
    const longer = body === "" ? next : `${body}\n${next}`;
    if (Buffer.byteLength(longer) > MAX_READY_BYTES) break;
    body = longer;
  }
  return body;
}

/**
 * What /readyz answers: `ok`, the pod's reason, or a line for each dependency that gates. In a dry run `DryRun`, with
 * a line for each dependency that would; in a shared fault `SharedFault`, with a line for each that is down.
 */
export function readyAnswer({ verdict, enforced, dependencies }: PodView): ReadyAnswer {
  const named = enforced?.gating ?? [
    ...verdict.gating,
    ...(verdict.ready ? sharedIn(verdict) : []),
  ];
  const gating = dependencies.filter(({ name }) => named.includes(name));
  if (verdict.ready) {
    return { status: 200, body: cut([verdict.reason ?? "ok", ...gating.map(line)]) };
  }
  return { status: 503, body: gating.length > 0 ? cut(gating.map(line)) : String(verdict.reason) };
}

/** One dependency in /status. Fields without a value are absent; `up` is null before the first result. */
interface DependencyStatus {
  name: string;
  type: string;
  impact: string;
  up: boolean | null;
  /** It keeps the pod unready now. */
  gating: boolean;
  /** In a dry run: it would keep the pod unready now. */
  wouldGate?: boolean | undefined;
  /** It would keep the pod unready, or in a dry run would have, if fewer pods of the policy had it down too. */
  shared?: true | undefined;
  /** It counts as up still, but its latest check failed: other pods that ask must not take it for well. */
  failing?: true | undefined;
  reason?: Reason | undefined;
  detail?: string | undefined;
  /** Since when it is up, or down for a reason that may keep the pod unready, or down for another; RFC 3339. */
  since?: string | undefined;
  tls?: boolean | undefined;
}

function dependencyStatus(
  { name, type, impact, state }: DependencyView,
  { verdict, enforced }: PodView,
): DependencyStatus {
  return {
    name,
    type,
    impact,
    up: state.heardAt === undefined ? null : state.up.high,
    gating: verdict.gating.includes(name),
    wouldGate: enforced?.gating.includes(name),
    shared: sharedIn(enforced ?? verdict).includes(name) || undefined,
    failing: (state.up.high && state.up.against > 0) || undefined,
    reason: state.reason,
    detail: state.detail,
    since: state.since === undefined ? undefined : new Date(state.since).toISOString(),
    tls: state.tls,
  };
}

/**
 * What /status answers: JSON. Details go first where it would be too long; the rest always fits.
 * `unsupportedFormat` is there only while the policy file is of a format that this version cannot read.
 */
export function statusAnswer(view: PodView): string {
  const { policy, generation, unsupportedFormat, verdict, enforced, dependencies } = view;
  const status = {
    policy: policy ?? null,
    generation: generation ?? null,
    unsupportedFormat,
    ready: verdict.ready,
    reason: verdict.reason,
    wouldBeReady: enforced?.ready,
    dependencies: dependencies.map((dependency) => dependencyStatus(dependency, view)),
  };
  const whole = JSON.stringify(status);
  if (Buffer.byteLength(whole) <= MAX_STATUS_BYTES) return whole;
  const short = status.dependencies.map((dependency) => ({ ...dependency, detail: undefined }));
  return JSON.stringify({ ...status, dependencies: short });
}
