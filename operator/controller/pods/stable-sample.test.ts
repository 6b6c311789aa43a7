import { expect, test } from "@jest/globals";
import { stableSample } from "./stable-sample.ts";

const pods = (...ids: number[]) => ids.map((id) => ({ name: `web-${id}` }));
const upTo = (count: number) => pods(...Array.from({ length: count }, (_, id) => id));

test("is the same whatever order the pods come in", () => {
  expect(stableSample(upTo(100).reverse(), 10)).toEqual(stableSample(upTo(100), 10));
  expect(stableSample(pods(2, 1), 10)).toEqual(stableSample(pods(1, 2), 10));
});

test("has so many and no more, each once", () => {
  const names = stableSample(upTo(100), 10).map(({ name }) => name);
  expect(new Set(names).size).toBe(10);
  expect(stableSample(upTo(3), 10)).toHaveLength(3);
});

test("loses no pod but the one that is gone", () => {
  const [gone, ...stay] = stableSample(upTo(100), 10);
  const after = stableSample(
    upTo(100).filter(({ name }) => name !== gone?.name),
    10,
  );
  expect(after.slice(0, 9)).toEqual(stay);
});

test("is of all names alike, not of the first", () => {
  const ids = stableSample(upTo(1_000), 100).map(({ name }) => Number(name.slice(4)));
  const lower = ids.filter((id) => id < 500).length;
  expect(lower).toBeGreaterThan(30);
  expect(lower).toBeLessThan(70);
});
