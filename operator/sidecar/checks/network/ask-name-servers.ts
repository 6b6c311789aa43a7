/** One name, asked of the name servers in both families. */
import { setTimeout as sleep } from "node:timers/promises";
import { CheckError } from "../check.ts";
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
}

/** Asks for the addresses of one family. Never rejects: the other family or the next name may still answer. */
export type AskOneFamily = (name: string, type: AddressType) => Promise<Answer>;

/** Whom to ask, until when. */
export interface NameServers {
  servers: NameServer[];
  tcpOnly: boolean;
  signal: AbortSignal;
}

/** How often a silent name server is asked: a datagram can get lost. */
const TRIES = 3;
/** RFC 8305's Resolution Delay, with a timer that keeps no process awake. */
const OTHER_FAMILY_MILLISECONDS = 50;
const UNREF = { ref: false };
const NONE: Answer = { addresses: [], ttlSeconds: Infinity, failed: false };
const FAILED: Answer = { ...NONE, failed: true };
/** The ids of queries have 16 bits. Whoever cannot see a query has to guess its id and its port. */
const IDS = 2 ** 16;

/**
 * Asks for IPv4 and IPv6. Once one of them has addresses, the other gets a moment more: a name server that
 * drops questions for IPv6 must not make a reachable database look unreachable. Never rejects.
 */
export async function askBothFamilies(ask: AskOneFamily, name: string): Promise<Answer> {
  const questions = [ask(name, "A"), ask(name, "AAAA")];
  const both = Promise.all(questions).then(merged);
  const found = Promise.any(questions.map(withAddresses));
  const oneFamily = found.then((answer) => sleep(OTHER_FAMILY_MILLISECONDS, answer, UNREF));
  return Promise.race([both, oneFamily.catch(() => both)]);
}

const merged = (answers: Answer[]): Answer => ({
  addresses: answers.flatMap(({ addresses }) => addresses),
  ttlSeconds: Math.min(...answers.map(({ ttlSeconds }) => ttlSeconds)),
  failed: answers.some(({ failed }) => failed),
});

async function withAddresses(question: Promise<Answer>): Promise<Answer> {
  const answer = await question;
  if (answer.addresses.length === 0) throw new Error("no address");
  return answer;
}

/**
 * Asks the name servers in their order until one of them knows, and those that are silent up to three times, as C
 * libraries do. Those that were silent come last for the names that follow: with a search list, a dead name server
 * would otherwise be waited for at each of its names, longer than a check may take.
 */
export function askNameServers({ servers, tcpOnly, signal }: NameServers): AskOneFamily {
  let inOrder = servers;
  return async (name, type) => {
    // Loaded when first needed: a quarter of a MiB that pods without names and passwords do without.
    const { randomInt } = await import("node:crypto");
    const query = encodeQuery(randomInt(IDS), name, type);
    // No label is empty or longer than DNS allows in any name that exists.
    if (query === undefined) return NONE;
    const ask = (server: NameServer) => reaction({ query, server, tcpOnly, signal });
    let waiting = inOrder;
    for (let tries = 0; tries < TRIES && waiting.length > 0; tries += 1) {
      const { answer, silent } = await askInTurn(waiting, ask);
      inOrder = last(silent, inOrder);
      if (answer) return answer;
      waiting = silent;
    }
    return FAILED;
  };
}

const last = (some: NameServer[], all: NameServer[]): NameServer[] => [
  ...all.filter((server) => !some.includes(server)),
  ...some,
];

type Reaction = Answer | "silent";

/** The first answer that is no failure, or who was silent. */
async function askInTurn(
  servers: NameServer[],
  ask: (server: NameServer) => Promise<Reaction>,
): Promise<{ answer?: Answer; silent: NameServer[] }> {
  const silent: NameServer[] = [];
  for (const server of servers) {
    const answer = await ask(server);
    if (answer === "silent") silent.push(server);
    else if (!answer.failed) return { answer, silent };
  }
  return { silent };
}

async function reaction(context: QueryContext): Promise<Reaction> {
  try {
    const { addresses, ttlSeconds, outcome, truncated } = await sendQuery(context);
    // An answer without an address as far as it was read may have one behind that.
    const failed = outcome === "failed" || (outcome === "none" && truncated);
    return { addresses, ttlSeconds, failed };
  } catch (error) {
    const wasSilent = error instanceof CheckError && error.reason === "ResolverFailed";
    return wasSilent && !context.signal.aborted ? "silent" : FAILED;
  }
}
