/** One name, asked of the name servers in both families. */
import type { RecordWithTtl } from "node:dns";
import type { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** What name servers said. */
export interface Answer {
  addresses: string[];
  /** The shortest time to live of the addresses in seconds; Infinity without any. */
  ttlSeconds: number;
  /**
   * A name server failed, refused or was silent, so that a name without addresses may have some. Also
   * when no name server listens: that is its port, not the dependency's.
   */
  failed: boolean;
  /** There were more addresses of a family than MAX_ADDRESSES, and the others were left out. */
  cut: boolean;
}

/**
 * The most addresses of one name that are used. An answer over TCP holds 4,090 of IPv4 and 2,330 of IPv6, and
 * whoever answers for a dependency's name decides how many.
 */
export const MAX_ADDRESSES = 16;

/** RFC 8305's Resolution Delay, with a timer that keeps no process awake. */
const OTHER_FAMILY_MILLISECONDS = 50;
const UNREF = { ref: false };
/** A name server's word that there is no such name, or none of this family. */
const NOT_FOUND_CODES: readonly unknown[] = ["ENOTFOUND", "ENODATA"];

/**
 * Asks for IPv4 and IPv6. Once one of them has addresses, the other gets a moment more: a name server that
 * drops questions for IPv6 must not make a reachable database look unreachable. Never rejects.
 */
export async function askBothFamilies(resolver: Resolver, name: string): Promise<Answer> {
  const questions = [
    ask(resolver.resolve4(name, { ttl: true })),
    ask(resolver.resolve6(name, { ttl: true })),
  ];
  const both = Promise.all(questions).then(merged);
  const found = Promise.any(questions.map(withAddresses));
  const oneFamily = found.then((answer) => sleep(OTHER_FAMILY_MILLISECONDS, answer, UNREF));
  return Promise.race([both, oneFamily.catch(() => both)]);
}

const merged = (answers: Answer[]): Answer => ({
  addresses: answers.flatMap(({ addresses }) => addresses),
  ttlSeconds: Math.min(...answers.map(({ ttlSeconds }) => ttlSeconds)),
  failed: answers.some(({ failed }) => failed),
  cut: answers.some(({ cut }) => cut),
});

async function withAddresses(question: Promise<Answer>): Promise<Answer> {
  const answer = await question;
  if (answer.addresses.length === 0) throw new Error("no address");
  return answer;
}

/** Never rejects: the other family or the next name of the search list may still answer. */
async function ask(query: Promise<RecordWithTtl[]>): Promise<Answer> {
  try {
    const all = await query;
    // First of all: whatever is done with a record is done at most MAX_ADDRESSES times.
    const records = all.slice(0, MAX_ADDRESSES);
    return {
      addresses: records.map(({ address }) => address),
      ttlSeconds: Math.min(...records.map(({ ttl }) => ttl)),
      failed: false,
      cut: all.length > MAX_ADDRESSES,
    };
  } catch (error) {
    const { code } = error as { code?: unknown };
    const failed = !NOT_FOUND_CODES.includes(code);
    return { addresses: [], ttlSeconds: Infinity, failed, cut: false };
  }
}
