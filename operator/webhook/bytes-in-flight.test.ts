import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { bytesInFlight, type Hold } from "./bytes-in-flight.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A holding with what it was given up by. */
function open(hold: Hold, bytes: number, address = "10.0.0.1") {
  const giveUp = jest.fn();
  const holding = hold(address, giveUp);
  holding.add(bytes);
  return { ...holding, giveUp };
}

/** How often each of these was given up. */
const givenUp = (...holdings: ReturnType<typeof open>[]) =>
  holdings.map(({ giveUp }) => giveUp.mock.calls.length);

test("nothing goes at the limit; one byte more takes the largest", () => {
  const hold = bytesInFlight(100);
  const large = open(hold, 60);
  const small = open(hold, 40);
  expect(givenUp(large, small)).toStrictEqual([0, 0]);
  small.add(1);
  expect(givenUp(large, small)).toStrictEqual([1, 0]);
});

test("what was given up or released counts no more", () => {
  const hold = bytesInFlight(100);
  const first = open(hold, 90);
  open(hold, 20);
  expect(givenUp(first)).toStrictEqual([1]);
  first.add(1_000);
  first.release();
  const third = open(hold, 50);
  third.release();
  const fourth = open(hold, 80);
  expect(givenUp(third, fourth)).toStrictEqual([0, 0]);
  open(hold, 1);
  expect(givenUp(first, fourth)).toStrictEqual([1, 1]);
});

test("one that is over the limit by itself goes by itself", () => {
  const hold = bytesInFlight(100);
  const other = open(hold, 40);
  expect(givenUp(open(hold, 101), other)).toStrictEqual([1, 0]);
});

test("of an address that goes which has cost most, and no more than has to", () => {
  const hold = bytesInFlight(100);
  const held = [open(hold, 20), open(hold, 25), open(hold, 15)];
  const empty = open(hold, 0);
  jest.advanceTimersByTime(100);
  const large = open(hold, 60);
  expect(givenUp(...held, empty, large)).toStrictEqual([0, 1, 0, 0, 0]);
});

test("as much of it goes as there has to be room for", () => {
  const hold = bytesInFlight(100);
  const held = [open(hold, 20), open(hold, 25), open(hold, 15)];
  jest.advanceTimersByTime(100);
  const large = open(hold, 85);
  expect(givenUp(...held, large)).toStrictEqual([1, 1, 0, 0]);
});

test("what has just come, and all at once, costs by its size", () => {
  const hold = bytesInFlight(100);
  const held = open(hold, 10, "10.0.0.2");
  jest.advanceTimersByTime(10);
  const large = [open(hold, 60), open(hold, 40)];
  expect(givenUp(held, ...large)).toStrictEqual([0, 1, 0]);
});

test("the address goes that has cost most, though another one's holding is the largest", () => {
  const hold = bytesInFlight(100);
  const many = Array.from({ length: 6 }, () => open(hold, 10, "10.0.0.2"));
  const large = open(hold, 45);
  expect(givenUp(...many, large)).toStrictEqual([1, 0, 0, 0, 0, 0, 0]);
});

describe("bodies that fill all of it and are announced anew", () => {
  const LIMIT = 24_000_000;
  /** How long an API server's review is there; whoever was given up begins anew after it. */
  const STEP_MILLISECONDS = 20;

  interface Attack {
    addresses: number;
    /** How long each body is there. */
    milliseconds: number;
    bytes: number;
  }

  /** Bodies that fill all of `hold`, each begun anew when its time is over or it was given up. */
  function attackOn(hold: Hold, { addresses, milliseconds, bytes }: Attack) {
    const begin = (place: number) => open(hold, bytes, `10.1.0.${place % addresses}`);
    const bodies = Array.from({ length: Math.ceil(LIMIT / bytes) }, (_, place) => begin(place));
    return (now: number): void => {
      for (const [place, body] of bodies.entries()) {
        const isOver = (now + place * STEP_MILLISECONDS) % milliseconds < STEP_MILLISECONDS;
        if (!isOver && givenUp(body)[0] === 0) continue;
        body.release();
        bodies[place] = begin(place);
      }
    };
  }

  test.each<Attack>([
    { addresses: 1, milliseconds: 900, bytes: 600_000 },
    { addresses: 1, milliseconds: 100, bytes: 600_000 },
    { addresses: 3, milliseconds: 900, bytes: 300_000 },
    { addresses: 40, milliseconds: 900, bytes: 600_000 },
    { addresses: 40, milliseconds: 100, bytes: 600_000 },
    { addresses: 40, milliseconds: 40, bytes: 600_000 },
    { addresses: 200, milliseconds: 900, bytes: 120_000 },
  ])(
    "by $addresses addresses each $milliseconds ms, of $bytes bytes, have no larger review go",
    (attack) => {
      const hold = bytesInFlight(LIMIT);
      const attackAt = attackOn(hold, attack);
      for (let now = 0; now < 4_000; now += STEP_MILLISECONDS) {
        jest.advanceTimersByTime(STEP_MILLISECONDS);
        // Nothing is known of those who come all at once; in less than a second it is.
        const isDue = now >= 1_000 && now % 500 === 0;
        const reviews = isDue ? [open(hold, 1_400_000)] : [];
        attackAt(now);
        expect(givenUp(...reviews)).toStrictEqual(reviews.map(() => 0));
        for (const review of reviews) review.release();
      }
    },
  );
});
