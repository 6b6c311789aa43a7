/**
 * Leader election on a Lease, with the rules of client-go: who holds it and goes on renewing it leads. Its times are
 * shorter by a fifth (docs/decisions/0006-no-operator-framework.md).
 */
import { setTimeout as realSleep } from "node:timers/promises";
import type { Logger } from "pino";
import { isApiError } from "./api-error.ts";
import { endingWith, type KubeClient } from "./kube-client.ts";
import { createRepeatedErrors } from "./repeated-errors.ts";

/** All times in milliseconds. Must nest: retryPeriod < renewDeadline < leaseDuration. */
export interface LeaseTimes {
  /** After so long without a renewal, others may take the Lease. */
  leaseDuration: number;
  /** After so long without a renewal, the holder steps down: well before others may take it. */
  renewDeadline: number;
  /** From one attempt to the next. */
  retryPeriod: number;
}

const FIELD_MANAGER = "healthpolicy-lease";

/**
 * A leader that is killed has another within 15 s: the Lease's 12 s, and up to 2.2 s until its last renewal was seen.
 * A holder stops when a third of that is left, as with client-go's 15 s and 10 s: the clocks of two nodes may run at
 * speeds that differ by so much.
 */
const TIMES: LeaseTimes = { leaseDuration: 12_000, renewDeadline: 8_000, retryPeriod: 2_000 };

/** Which Lease, and who wants to hold it. */
export interface LeaseOptions {
  client: KubeClient;
  namespace: string;
  name: string;
  /** Of this replica; its pod's name. */
  identity: string;
  /**
   * Resolves when this replica is able to lead, or when the signal fires. Until then the replica does not
   * ask for the Lease: it would hold it without doing the work, and keep the other replicas from it.
   */
  ready: (signal: AbortSignal) => Promise<void>;
  /** Leads until the signal fires; the Lease is given back only after it has resolved. */
  lead: (signal: AbortSignal) => Promise<void>;
  log: Pick<Logger, "info" | "warn" | "error">;
  times?: LeaseTimes;
  /** Resolves after so many milliseconds; rejects when the signal fires. A test's clock may be another. */
  sleep?: (milliseconds: number, value?: undefined, options?: SleepOptions) => Promise<unknown>;
}

interface SleepOptions {
  signal?: AbortSignal;
  /** False: the process may end meanwhile. */
  ref?: boolean;
}

/** A candidate for the Lease. */
export interface Candidate {
  isLeader(): boolean;
  /** Stops leading, gives the Lease back, and takes part no more. */
  stop(): Promise<void>;
}

interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

interface Lease {
  metadata: { resourceVersion?: string };
  spec?: LeaseSpec;
}

/** RFC 3339 with microseconds, as Lease times are written. */
function microTime(): string {
  return new Date().toISOString().replace("Z", "000Z");
}

/** Starts to run for the Lease. */
export function runForLease(options: LeaseOptions): Candidate {
  const { identity, log, times = TIMES, sleep = realSleep } = options;
  const path = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases/${options.name}`;
  const stopping = new AbortController();
  const errors = createRepeatedErrors();
  // What was last seen of another holder, and when its Lease is over if nothing else is seen, by our own clock. The
  // clocks of two nodes may differ, so the time that the holder has written is never compared with ours, only with
  // itself.
  let seen = { text: "", overAt: 0 };
  let leading = false;

  async function read(client: KubeClient): Promise<Lease> {
    try {
      return await client.request<Lease>({ method: "GET", path, deadlineMilliseconds: deadline() });
    } catch (error) {
      if (!isApiError(error, 404)) throw error;
      // The Lease is made empty. Two replicas may do this at once; the write that follows carries a
      // resourceVersion, so only one of them becomes the leader. It is made by apply and not by POST,
      // because RBAC can limit only the former to one name.
      return await client.apply<Lease>({
        path,
        object: {
          apiVersion: "coordination.k8s.io/v1",
          kind: "Lease",
          metadata: { name: options.name, namespace: options.namespace },
        },
        fieldManager: FIELD_MANAGER,
        force: false,
      });
    }
  }

  /** One call's share, so that several fit before the renewal is overdue. */
  function deadline(): number {
    return Math.max(50, Math.round(times.renewDeadline / 3));
  }

  async function write(client: KubeClient, lease: Lease, spec: LeaseSpec): Promise<void> {
    await client.request<Lease>({
      method: "PUT",
      path,
      query: { fieldManager: FIELD_MANAGER },
      body: { apiVersion: "coordination.k8s.io/v1", kind: "Lease", ...lease, spec },
      deadlineMilliseconds: deadline(),
    });
  }

  function isFree(spec: LeaseSpec): boolean {
    if (!spec.holderIdentity || spec.holderIdentity === identity) return true;
    const text = JSON.stringify([spec.holderIdentity, spec.renewTime, spec.leaseTransitions]);
    if (text !== seen.text) {
      const held = (spec.leaseDurationSeconds ?? 0) * 1_000 || times.leaseDuration;
      seen = { text, overAt: performance.now() + held };
    }
    return performance.now() > seen.overAt;
  }

  /** Whether the Lease is ours after this. Rejects when that cannot be told. */
  async function acquireOrRenew(client: KubeClient): Promise<boolean> {
    const lease = await read(client);
    const spec = lease.spec ?? {};
    if (!isFree(spec)) return false;
    const ours = spec.holderIdentity === identity;
    await write(client, lease, {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.round(times.leaseDuration / 1_000)),
      acquireTime: ours ? (spec.acquireTime ?? microTime()) : microTime(),
      renewTime: microTime(),
      leaseTransitions: (spec.leaseTransitions ?? 0) + (ours ? 0 : 1),
    });
    return true;
  }

  /** As acquireOrRenew, with a failed call as undefined: neither ours nor lost. */
  async function attempt(signal: AbortSignal): Promise<boolean | undefined> {
    try {
      const held = await acquireOrRenew(endingWith(signal, options.client));
      errors.forget("lease");
      return held;
    } catch (error) {
      if (signal.aborted) return undefined;
      // Somebody else was faster; the next attempt sees whom.
      if (isApiError(error, 409)) return undefined;
      log.warn(errors.fields("lease", error), "asking for the lease failed");
      return undefined;
    }
  }

  async function pause(signal: AbortSignal, longest = Number.POSITIVE_INFINITY): Promise<void> {
    // Ten percent more or less, so that replicas that started together do not ask at the same moment.
    const wait = times.retryPeriod * (0.9 + Math.random() * 0.2);
    await sleep(Math.min(wait, longest), undefined, { signal }).catch(() => undefined);
  }

  /** Until the Lease is free for all that we know, or longer than any pause where it should have been free before. */
  function untilFree(): number {
    const left = seen.overAt - performance.now();
    // A millisecond later, since timers may be a little early; another look at once would be for nothing.
    return left > 0 ? left + 1 : Number.POSITIVE_INFINITY;
  }

  /** One renewal with what is left of the deadline: when it was made, or undefined when it is lost. */
  async function renew(renewedAt: number, signal: AbortSignal): Promise<number | undefined> {
    // Taken before the call, because others may see the renewal, and start to count, before we hear of it.
    const startedAt = performance.now();
    const left = Math.max(0, times.renewDeadline - (startedAt - renewedAt));
    const held = await Promise.race([attempt(signal), sleep(left, undefined, { ref: false })]);
    if (held === false) return undefined;
    const latest = held === true ? startedAt : renewedAt;
    return performance.now() - latest < times.renewDeadline ? latest : undefined;
  }

  /** Renews until the Lease is lost, the renewal is overdue, or the signal fires. */
  async function renewUntilLost(acquiredAt: number, signal: AbortSignal): Promise<void> {
    let renewedAt: number | undefined = acquiredAt;
    while (renewedAt !== undefined) {
      // Not past the deadline: where the API server refuses at once, the Lease was held up to two seconds too long.
      await pause(signal, Math.max(0, times.renewDeadline - (performance.now() - renewedAt)));
      if (signal.aborted) return;
      renewedAt = await renew(renewedAt, signal);
    }
  }

  async function release(): Promise<void> {
    try {
      // Both calls together may take the time of one: a process that is to end waits for them.
      const client = endingWith(AbortSignal.timeout(deadline()), options.client);
      const lease = await read(client);
      if (lease.spec?.holderIdentity !== identity) return;
      await write(client, lease, { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 });
    } catch (error) {
      log.warn({ err: error }, "giving the lease back failed");
    }
  }

  /** Leads until it must not any more, or until its work ends by itself. */
  async function leadOnce(acquiredAt: number): Promise<void> {
    const losing = new AbortController();
    log.info({ identity }, "leading");
    leading = true;
    const work = options.lead(losing.signal).catch((error: unknown) => {
      log.error({ err: error }, "leading failed");
    });
    const signal = AbortSignal.any([stopping.signal, losing.signal]);
    const ended = work.then(() => true);
    const endedByItself = await Promise.race([renewUntilLost(acquiredAt, signal), ended]);
    leading = false;
    losing.abort(new Error("no longer the leader"));
    await work;
    log.info({ identity }, "stepped down");
    if (!endedByItself) return;
    // Another replica may succeed where this one did not; the pause gives it time to take the Lease.
    await release();
    await pause(stopping.signal);
  }

  async function run(): Promise<void> {
    await options.ready(stopping.signal);
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      const held = await attempt(stopping.signal);
      if (held) await leadOnce(startedAt);
      // Not a whole period past the Lease's end: nobody leads meanwhile.
      else await pause(stopping.signal, untilFree());
    }
    await release();
  }

  const running = run();
  return {
    isLeader: () => leading,
    stop: async () => {
      stopping.abort(new Error("stopped"));
      await running;
    },
  };
}
