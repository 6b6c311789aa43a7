/** Asks the operator's replicas which generation of a policy they inject. */
import https from "node:https";
import { urlHost } from "../../addresses/url-host.ts";
import { POLICIES_PATH } from "../../api/names.ts";
import { readOkAnswer } from "../read-ok-answer.ts";

/** A replica that has not answered by then counts as not knowing. */
const DEADLINE_MILLISECONDS = 1_000;
/**
 * For so long nobody asks it again then: the node of a replica that is lost stays Ready for 50 s, and each of 200
 * edited policies would wait a second for it.
 */
const SILENT_MILLISECONDS = 3_000;
const MAX_ANSWER_BYTES = 4_096;
/** Questions in flight for one policy. */
const CONCURRENCY = 8;

/** How replicas are reached, and known to be ours. */
export interface AskOptions {
  /** The webhook's port. */
  port: number;
  /** Name in the replicas' certificate. */
  dnsName: string;
  /** PEM certificates of the authorities to trust. */
  caBundle: string;
}

/** A replica's pod. */
export interface Replica {
  name: string;
  ip: string;
}

/** What makes a policy the same one. */
export interface PolicyVersion {
  namespace: string;
  name: string;
  uid: string;
  generation: number;
}

interface Answer {
  uid?: unknown;
  generation?: unknown;
}

function get(url: URL, options: https.RequestOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = https.get(url, options, (response) => {
    readOkAnswer(response, MAX_ANSWER_BYTES).then(resolve, reject);
  });
  request.on("error", reject);
  return promise;
}

/** Asks replicas, and remembers which of them gave no answer in time. */
export interface AskReplicas {
  /** The names of those that do not inject this generation yet, as far as they say; sorted. */
  without(
    policy: PolicyVersion,
    replicas: readonly Replica[],
    options: AskOptions,
  ): Promise<string[]>;
}

function isAnswerFor(text: string, policy: PolicyVersion): boolean {
  const { uid, generation } = JSON.parse(text) as Answer;
  return uid === policy.uid && typeof generation === "number" && generation >= policy.generation;
}

async function ask(
  replica: Replica,
  policy: PolicyVersion,
  { port, dnsName, caBundle }: AskOptions,
): Promise<"knows" | "lacks" | "silent"> {
  const path = `${POLICIES_PATH}/${policy.namespace}/${policy.name}`;
  const url = new URL(`https://${urlHost(replica.ip)}:${port}${path}`);
  const signal = AbortSignal.timeout(DEADLINE_MILLISECONDS);
  try {
    const text = await get(url, {
      ca: caBundle,
      servername: dnsName,
      // Asked rarely, so no connection is kept: it could outlive the replica, whose address another gets.
      agent: false,
      signal,
    });
    return isAnswerFor(text, policy) ? "knows" : "lacks";
  } catch {
    // Whatever the error was, the replica has not said that it knows the policy.
    return signal.aborted ? "silent" : "lacks";
  }
}

function keyOf({ name, ip }: Replica): string {
  return `${name}/${ip}`;
}

/** Nobody has been asked yet. */
export function createAskReplicas(): AskReplicas {
  /** Until when nobody asks it, by performance.now(); only replicas that there are. */
  const silentUntil = new Map<string, number>();

  function forgetOthers(replicas: readonly Replica[]): void {
    const keys = new Set(replicas.map(keyOf));
    for (const key of [...silentUntil.keys()].filter((key) => !keys.has(key))) {
      silentUntil.delete(key);
    }
  }

  async function knows(
    replica: Replica,
    policy: PolicyVersion,
    options: AskOptions,
  ): Promise<boolean> {
    const key = keyOf(replica);
    const until = silentUntil.get(key);
    if (until !== undefined && until > performance.now()) return false;
    // One policy tries it again; the others go on without it meanwhile.
    if (until !== undefined) silentUntil.set(key, performance.now() + SILENT_MILLISECONDS);
    const answer = await ask(replica, policy, options);
    if (answer === "silent") silentUntil.set(key, performance.now() + SILENT_MILLISECONDS);
    else silentUntil.delete(key);
    return answer === "knows";
  }

  return {
    without: async (policy, replicas, options) => {
      forgetOthers(replicas);
      const waiting = [...replicas];
      const without: string[] = [];
      const worker = async () => {
        for (let replica = waiting.shift(); replica; replica = waiting.shift()) {
          if (!(await knows(replica, policy, options))) without.push(replica.name);
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, worker));
      return without.sort();
    },
  };
}
