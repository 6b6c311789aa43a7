/** One name, asked of the name servers in both families. */
import type { Answer, AskOneFamily } from "./ask-name-servers.ts";
import { ENDED, pause, type Waits } from "./waits.ts";

/** One name of a search list. */
export interface Candidate {
  name: string;
  /** None follows that may be the right one. */
  isLast: boolean;
}

/**
 * The part of a silence that the other family has where the first one came when the lookup's patience was over, or
 * nearly. Both were asked of the same name servers at the same time, and what is left of the budget is for the
 * connection.
 */
const GRACE_OF_SILENCE = 1 / 4;
/** The part of a silence in which two families come that are answered together: name servers take turns at them. */
const MOMENT_OF_SILENCE = 1 / 16;

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
    ended.abort(ENDED);
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
