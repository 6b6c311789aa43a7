import { expect, jest, test } from "@jest/globals";
import { bytesInFlight } from "./bytes-in-flight.ts";

/** A holding with what it was given up by. */
function open(hold: ReturnType<typeof bytesInFlight>, bytes: number) {
  const giveUp = jest.fn();
  const holding = hold(giveUp);
  holding.add(bytes);
  return { ...holding, giveUp };
}

test("nothing goes at the limit; one byte more takes the largest", () => {
  const hold = bytesInFlight(100);
  const large = open(hold, 60);
  const small = open(hold, 40);
  expect(large.giveUp).not.toHaveBeenCalled();
  small.add(1);
  expect([large.giveUp, small.giveUp].map(({ mock }) => mock.calls.length)).toStrictEqual([1, 0]);
});

test("what was given up or released counts no more", () => {
  const hold = bytesInFlight(100);
  const first = open(hold, 90);
  open(hold, 20);
  expect(first.giveUp).toHaveBeenCalledTimes(1);
  first.add(1_000);
  first.release();
  const third = open(hold, 50);
  third.release();
  const fourth = open(hold, 80);
  expect(third.giveUp).not.toHaveBeenCalled();
  expect(fourth.giveUp).not.toHaveBeenCalled();
  expect(first.giveUp).toHaveBeenCalledTimes(1);
  open(hold, 1);
  expect(fourth.giveUp).toHaveBeenCalledTimes(1);
});

test("one that is over the limit by itself goes by itself", () => {
  const hold = bytesInFlight(100);
  const other = open(hold, 40);
  expect(open(hold, 101).giveUp).toHaveBeenCalledTimes(1);
  expect(other.giveUp).not.toHaveBeenCalled();
});
