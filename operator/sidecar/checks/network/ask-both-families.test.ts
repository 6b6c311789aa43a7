/** What one name server cannot be made to do at will: times to live that differ, and one family late. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { askBothFamilies } from "./ask-both-families.ts";
import type { Answer, AskOneFamily } from "./ask-name-servers.ts";
import { ABSENT, FAILED, LATER_ABSENT, NONE } from "./testing/answers.ts";
import { timersLeftBy } from "./testing/timers-left-by.ts";
import { startWaits } from "./waits.ts";

const UNSURE: Answer = { ...ABSENT, failed: true };
const FOUR: Answer = { ...NONE, addresses: ["10.0.0.1", "10.0.0.2"], ttlSeconds: 5 };
const SIX: Answer = { ...NONE, addresses: ["2001:db8::1"], ttlSeconds: 30 };

const FOLLOWED = { name: "db.test", isLast: false };

const at = (answer: Answer) => async () => answer;
/** How long name servers may be silent. */
const SILENCE = 200;
/** Later than the query would be sent again, and not too late. */
const late = (answer: Answer) => () => sleep(1.5 * SILENCE, answer);
const tooLate = (answer: Answer) => () => sleep(3 * SILENCE, answer);
/** Half of a budget is gone, as where two of three name servers are dead. */
const afterTwoSilences = (answer: Answer) => () => sleep(2 * SILENCE, answer);
const shortlyAfterThat = (answer: Answer) => () => sleep(2.1 * SILENCE, answer);
const never = () => new Promise<Answer>(() => {});
const BOTH: Answer = { ...FOUR, addresses: [...FOUR.addresses, ...SIX.addresses] };

test.each<[string, () => Promise<Answer>, () => Promise<Answer>, Answer]>([
  ["both families: all addresses, and the shortest time to live", at(FOUR), at(SIX), BOTH],
  ["no such name", at(ABSENT), at(ABSENT), ABSENT],
  ["no such name in one, a failure in the other", at(ABSENT), at(FAILED), FAILED],
  ["no such name in one, and the other late", at(ABSENT), late(SIX), SIX],
  ["no such name in one, and the other too late", at(ABSENT), tooLate(SIX), UNSURE],
  [
    "no such name, a little apart after half of the budget",
    afterTwoSilences(ABSENT),
    shortlyAfterThat(ABSENT),
    ABSENT,
  ],
  ["no such name in one, out of turn", at(ABSENT), at(LATER_ABSENT), LATER_ABSENT],
  ["no address", at(NONE), at(NONE), NONE],
  ["no address in one, a failure in the other", at(NONE), at(FAILED), FAILED],
  ["no address in one, and the other as late as can be", at(NONE), tooLate(SIX), SIX],
  ["IPv4 late, which may be all that is routed here", late(FOUR), at(SIX), BOTH],
  ["IPv6 late, which may be all that is routed here", at(FOUR), late(SIX), BOTH],
  ["IPv4 too late where the other has some", tooLate(FOUR), at(SIX), SIX],
  ["IPv6 too late where the other has some", at(FOUR), tooLate(SIX), FOUR],
  ["both late, and one a little later", shortlyAfterThat(FOUR), afterTwoSilences(SIX), BOTH],
])("%s", async (_, four, six, answer) => {
  expect(await askBothFamilies(asOf(four, six), FOLLOWED, startWaits(SILENCE))).toStrictEqual(
    answer,
  );
});

test.each([
  ["IPv4", tooLate(FOUR), at(ABSENT), FOUR],
  ["IPv6", at(ABSENT), tooLate(SIX), SIX],
])(
  "no name follows one that is absent in one family: %s is waited for",
  async (_, four, six, answer) => {
    const last = { name: "db.test", isLast: true };
    expect(await askBothFamilies(asOf(four, six), last, startWaits(SILENCE))).toStrictEqual(answer);
  },
);

function asOf(four: () => Promise<Answer>, six: () => Promise<Answer>): AskOneFamily {
  return (_name, type) => (type === "A" ? four() : six());
}

test("a family that is never answered leaves time for the connection, however late the other came", async () => {
  const begun = performance.now();
  const ask = asOf(afterTwoSilences(FOUR), never);
  expect(await askBothFamilies(ask, FOLLOWED, startWaits(SILENCE))).toStrictEqual(FOUR);
  // Four silences are the whole budget for lookup and connection.
  expect(performance.now() - begun).toBeLessThan(3 * SILENCE);
});

test("names that are never answered for IPv6 have one wait among them, however many they are", async () => {
  const ask = asOf(at(ABSENT), never);
  const waits = startWaits(SILENCE);
  expect(await askBothFamilies(ask, FOLLOWED, waits)).toStrictEqual(UNSURE);
  const begun = performance.now();
  for (let names = 0; names < 20; names += 1) {
    expect(await askBothFamilies(ask, FOLLOWED, waits)).toStrictEqual(UNSURE);
  }
  // A moment each is 1.25; with a grace each it would be 5.
  expect(performance.now() - begun).toBeLessThan(4 * SILENCE);
});

test("names that do not exist are absent for sure, however long it takes a name server to say so", async () => {
  const waits = startWaits(SILENCE);
  const ask = asOf(
    () => sleep(0.6 * SILENCE, ABSENT),
    () => sleep(0.6 * SILENCE + 3, ABSENT),
  );
  for (let names = 0; names < 5; names += 1) {
    expect(await askBothFamilies(ask, FOLLOWED, waits)).toStrictEqual(ABSENT);
  }
});

test.each([
  ["both families at once", at(FOUR), at(SIX)],
  ["one family after the other", at(FOUR), () => sleep(SILENCE / 10, SIX)],
  ["no such name", at(ABSENT), at(ABSENT)],
])("no timer outlives an answer: %s", async (_, four, six) => {
  expect(
    await timersLeftBy(() => askBothFamilies(asOf(four, six), FOLLOWED, startWaits(SILENCE))),
  ).toBe(0);
});
