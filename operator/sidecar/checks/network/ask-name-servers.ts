/** One name, asked of the name servers in one family. */
import { type AddressType, encodeQuery } from "./dns-message.ts";
import { type NameServer, type QueryContext, sendQuery } from "./send-query.ts";
import { ENDED, pause, type Waits } from "./waits.ts";

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

/** Whom to ask, until when. */
export interface NameServers {
  servers: NameServer[];
  tcpOnly: boolean;
  signal: AbortSignal;
  waits: Waits;
  /** Called for each that is asked, and once more where it is asked again by TCP. */
  onQuery?: (() => void) | undefined;
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
  // Loaded when first needed: a quarter of a MiB that pods without names and passwords do without.
  let crypto: Promise<typeof import("node:crypto")> | undefined;
  return async (name, type) => {
    crypto ??= import("node:crypto");
    const { randomInt } = await crypto;
    const query = encodeQuery(randomInt(IDS), name, type);
    // No label is empty or longer than DNS allows in any name that exists.
    if (query === undefined) return NONE;
    const ended = new AbortController();
    const question = {
      query,
      tcpOnly: context.tcpOnly,
      onQuery: context.onQuery,
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
      ended.abort(ENDED);
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
