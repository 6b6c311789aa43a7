/** One name, asked of the name servers in both families. */
import { setTimeout as sleep } from "node:timers/promises";
import { type AddressType, encodeQuery } from "./dns-message.ts";
import { type NameServer, type QueryContext, sendQuery } from "./send-query.ts";

/** What name servers said of a name. */
export interface Answer {
  addresses: string[];
  /** The shortest time to live of the records in seconds; Infinity without any. */
  ttlSeconds: number;
  /**
   * A name server failed, refused or was silent, so that a name without addresses may have some. Also
   * when no name server listens: that is its port, not the dependency's.
   */
  failed: boolean;
  /** There is no such name, so that it has nothing of the other family either (RFC 8020). */
  absent: boolean;
  /** The first name server failed or was silent, and might have said something else than the one that is believed. */
  outOfTurn: boolean;
}

/** Asks for the addresses of one family. Never rejects: the other family or the next name may still answer. */
export type AskOneFamily = (name: string, type: AddressType) => Promise<Answer>;

/** One name of a search list. */
export interface Candidate {
  name: string;
  /** None follows that may be the right one. */
  isLast: boolean;
}

/** Whom to ask, until when. */
export interface NameServers {
  servers: NameServer[];
  tcpOnly: boolean;
  signal: AbortSignal;
  waits: Waits;
}

/** How long one lookup waits. */
export interface Waits {
  /** For so long one name server may be silent before the next is asked as well. */
  silenceMilliseconds: number;
  /**
   * From now on: for how many milliseconds it still waits for what may be worth more than the answer at hand, where it
   * has `longer` milliseconds more in all.
   */
  patience(longer?: number): number;
}

const NONE: Answer = {
  addresses: [],
  ttlSeconds: Infinity,
  failed: false,
  absent: false,
  outOfTurn: false,
};
const FAILED: Answer = { ...NONE, failed: true };
/** The ids of queries have 16 bits. Whoever cannot see a query has to guess its id and its port. */
const IDS = 2 ** 16;
/** Of a budget of many seconds, no more is waited than an answer takes that no name server has in its cache. */
const MAX_SILENCE_MILLISECONDS = 1_000;
/**
 * The part of a budget for lookup and connection that each silence takes. With two of three name servers dead, or two
 * datagrams lost, half of it is left for an answer and for the connection.
 */
const SILENCE_OF_BUDGET = 1 / 4;
/** So many silences from its start a lookup waits for what may be worth more than the answer at hand. */
const SILENCES_OF_PATIENCE = 2;
/**
 * The part of a silence that the other family has where the first one came no sooner than that. Both were asked of the
 * same name servers at the same time, and what is left of the budget is for the connection.
 */
const GRACE_OF_SILENCE = 1 / 4;
/** The part of it in which two families come that are answered together: name servers take turns at them. */
const MOMENT_OF_SILENCE = 1 / 16;

/** How long a name server may be silent, where lookup and connection together may take `budgetMilliseconds`. */
export function silenceWithin(budgetMilliseconds: number): number {
  return Math.min(MAX_SILENCE_MILLISECONDS, budgetMilliseconds * SILENCE_OF_BUDGET);
}

/**
 * The waits of a lookup that begins now. Its names share one patience: had each name of a search list its own, two of
 * them could take all that was left for the connection.
 */
export function startWaits(silenceMilliseconds: number): Waits {
  const end = performance.now() + SILENCES_OF_PATIENCE * silenceMilliseconds;
  const patience = (longer = 0) => Math.max(0, end + longer - performance.now());
  return { silenceMilliseconds, patience };
}

/**
 * Asks for IPv4 and IPv6. Where one of them has addresses, the other may be silent until the lookup's patience is over,
 * in which a lost query is sent again. Without an end to that, name servers that drop questions for IPv6 would make a
 * reachable database look unreachable; counted from the first family's answer, a late one would leave no time for the
 * connection. RFC 8305's 50 ms are too few: an answer that is not in a name server's cache takes longer, and this
 * family may be the only one that is routed here. Where there is no such name in one family, and others follow, the
 * grace after the patience is one for all names: with one for each, a long search list took all the time. Each still
 * has its moment, or no name would count as absent beside a slow name server. Never rejects.
 */
export async function askBothFamilies(
  ask: AskOneFamily,
  { name, isLast }: Candidate,
  { silenceMilliseconds, patience }: Waits,
): Promise<Answer> {
  const questions = [ask(name, "A"), ask(name, "AAAA")];
  const both = Promise.all(questions).then(merged);
  // Where neither says anything alone, both have ended.
  const first = await Promise.any(questions.map(isLast ? found : alone)).catch(() => both);
  const ended = new AbortController();
  const grace = silenceMilliseconds * GRACE_OF_SILENCE;
  const moment = silenceMilliseconds * MOMENT_OF_SILENCE;
  const wait = first.absent ? Math.max(patience(grace), moment) : Math.max(patience(), grace);
  const waited = pause(wait, ended.signal);
  try {
    return await Promise.race([both, waited.then(() => first)]);
  } finally {
    ended.abort();
  }
}

/** A timer that outlived its question would wake an idle sidecar for nothing. Never rejects. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { ref: false, signal });
  } catch {
    // The question has ended, and nobody waits.
  }
}

const merged = (answers: Answer[]): Answer => ({
  addresses: answers.flatMap(({ addresses }) => addresses),
  ttlSeconds: Math.min(...answers.map(({ ttlSeconds }) => ttlSeconds)),
  failed: answers.some(({ failed }) => failed),
  absent: answers.every(({ absent }) => absent),
  outOfTurn: answers.some(({ outOfTurn }) => outOfTurn),
});

/** Rejects where one family has no address, for that says nothing of the other. */
async function found(question: Promise<Answer>): Promise<Answer> {
  const answer = await question;
  if (answer.addresses.length === 0) throw new Error("no address");
  return answer;
}

/** That there is no such name is enough to go on to the next one. */
async function alone(question: Promise<Answer>): Promise<Answer> {
  const answer = await question;
  // Not for sure: some name servers say so of a name that has addresses of the other family (RFC 4074, 4.2).
  return answer.absent ? { ...answer, failed: true } : found(question);
}

/**
 * Asks the name servers in their order until one of them knows, and those that are silent again. They are listened to
 * all the while, for one may only be slow, and come last for the names that follow: with a search list, a dead name
 * server would otherwise be waited for at each of its names, longer than a check may take.
 */
export function askNameServers(context: NameServers): AskOneFamily {
  const { servers, signal, waits } = context;
  let inOrder = servers;
  // Of names that were answered in one family: whoever drops questions for the other is not dead.
  const answered = new Set<string>();
  const wasSilent = (silent: NameServer, name: string) => {
    if (answered.has(name)) return;
    inOrder = [...inOrder.filter((server) => server !== silent), silent];
  };
  const knowledge = new Map<string, PromiseWithResolvers<void>>();
  const knowledgeOf = (server: NameServer, name: string) => {
    const key = `${servers.indexOf(server)} ${name}`;
    const known = knowledge.get(key) ?? Promise.withResolvers<void>();
    knowledge.set(key, known);
    return known;
  };
  return async (name, type) => {
    // Loaded when first needed: a quarter of a MiB that pods without names and passwords do without.
    const { randomInt } = await import("node:crypto");
    const query = encodeQuery(randomInt(IDS), name, type);
    // No label is empty or longer than DNS allows in any name that exists.
    if (query === undefined) return NONE;
    const ended = new AbortController();
    const question = {
      query,
      tcpOnly: context.tcpOnly,
      signal: AbortSignal.any([signal, ended.signal]),
      // As many datagrams as if one server after the other were waited for, whoever is silent.
      againMilliseconds: servers.length * waits.silenceMilliseconds,
    };
    try {
      const ask = async (server: NameServer) => {
        const answer = await answerTo({ ...question, server });
        answered.add(name);
        return { ...answer, outOfTurn: server !== servers[0] };
      };
      return await askInTurn(inOrder, ask, {
        ...waits,
        wasSilent: (server) => wasSilent(server, name),
        knowledgeOf: (server) => knowledgeOf(server, name),
        ended: ended.signal,
      });
    } finally {
      // Nobody listens to the others any more, or waits.
      ended.abort();
    }
  };
}

interface Turns extends Waits {
  wasSilent(server: NameServer): void;
  /** Resolved once this name server has had addresses for the name, of whichever family. */
  knowledgeOf(server: NameServer): PromiseWithResolvers<void>;
  /** Fires when the question has its answer. */
  ended: AbortSignal;
}

/**
 * The first answer that is no failure. The next name server is asked when the one before has failed or is silent. That
 * there is no address is believed of one that has some in the other family. Otherwise those before it have to answer
 * first, or to be silent for too long: beside the cluster's name server another one knows nothing of its names, and
 * would make a name that is only slow look as if it were gone.
 */
async function askInTurn(
  servers: NameServer[],
  ask: (server: NameServer) => Promise<Answer>,
  { silenceMilliseconds, patience, wasSilent, knowledgeOf, ended }: Turns,
): Promise<Answer> {
  const believed: Promise<Answer>[] = [];
  const believe = async (server: NameServer, answered: Promise<Answer>) => {
    const allBefore = Promise.allSettled(believed);
    const answer = await answered;
    const knowsTheName = knowledgeOf(server);
    if (answer.addresses.length > 0) knowsTheName.resolve();
    else await Promise.race([allBefore, knowsTheName.promise, pause(patience(), ended)]);
    return answer;
  };
  for (const server of servers) {
    const answered = ask(server);
    believed.push(believe(server, answered));
    const silence = pause(silenceMilliseconds, ended).then(() => "silent" as const);
    // All of them each time: a rejection that nobody has taken would end the program.
    const heard = await Promise.race([ending(answered), ending(Promise.any(believed)), silence]);
    // It may still have to be believed.
    if (heard === "answered") break;
    if (heard === "silent") wasSilent(server);
  }
  return Promise.any(believed).catch(() => FAILED);
}

const ending = (answer: Promise<Answer>) =>
  answer.then(
    () => "answered" as const,
    () => "failed" as const,
  );

/** What one name server says. Rejects where it could not tell, or said nothing. */
async function answerTo(context: QueryContext): Promise<Answer> {
  const { addresses, ttlSeconds, outcome, truncated } = await sendQuery(context);
  // An answer without an address as far as it was read may have one behind that.
  const failed = outcome === "failed" || (outcome !== "found" && truncated);
  if (failed) throw new Error("the name server could not tell");
  return { ...NONE, addresses, ttlSeconds, absent: outcome === "absent" };
}
