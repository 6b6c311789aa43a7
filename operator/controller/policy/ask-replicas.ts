/** Asks the operator's replicas which generation of a policy they inject. */
import https from "node:https";
import { urlHost } from "../../addresses/url-host.ts";
import { POLICIES_PATH } from "../../api/names.ts";
import { readAnswer } from "../read-answer.ts";

/** A replica that has not answered by then counts as not knowing. */
const DEADLINE_MILLISECONDS = 1_000;
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
    readAnswer(response, MAX_ANSWER_BYTES).then(resolve, reject);
  });
  request.on("error", reject);
  return promise;
}

async function knows(
  replica: Replica,
  policy: PolicyVersion,
  { port, dnsName, caBundle }: AskOptions,
): Promise<boolean> {
  const path = `${POLICIES_PATH}/${policy.namespace}/${policy.name}`;
  const url = new URL(`https://${urlHost(replica.ip)}:${port}${path}`);
  try {
    const text = await get(url, {
      ca: caBundle,
      servername: dnsName,
      // Asked rarely, so no connection is kept: it could outlive the replica, whose address another gets.
      agent: false,
      signal: AbortSignal.timeout(DEADLINE_MILLISECONDS),
    });
    const { uid, generation } = JSON.parse(text) as Answer;
    return uid === policy.uid && typeof generation === "number" && generation >= policy.generation;
  } catch {
    // Whatever the error was, the replica has not said that it knows the policy.
    return false;
  }
}

/** The names of the replicas that do not inject this generation yet, sorted. */
export async function replicasWithout(
  policy: PolicyVersion,
  replicas: readonly Replica[],
  options: AskOptions,
): Promise<string[]> {
  const waiting = [...replicas];
  const without: string[] = [];
  const worker = async () => {
    for (let replica = waiting.shift(); replica; replica = waiting.shift()) {
      if (!(await knows(replica, policy, options))) without.push(replica.name);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return without.sort();
}
