import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { sharedRender } from "./shared-render.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** A render that ends when it is told to. */
function slowRender() {
  const renders: PromiseWithResolvers<string>[] = [];
  const ask = sharedRender(() => {
    const render = Promise.withResolvers<string>();
    renders.push(render);
    return render.promise;
  });
  return { renders, ask };
}

test("works once for all who ask meanwhile, however long it takes, and for a second after that", async () => {
  const { renders, ask } = slowRender();
  const first = ask();
  jest.advanceTimersByTime(5_000);
  const second = ask();
  renders[0]?.resolve("one");
  expect(await Promise.all([first, second])).toStrictEqual(["one", "one"]);
  jest.advanceTimersByTime(999);
  expect(await ask()).toBe("one");
  expect(renders).toHaveLength(1);
  jest.advanceTimersByTime(1);
  const next = ask();
  renders[1]?.resolve("two");
  expect(await next).toBe("two");
});

test("rejects for those who wait, and works again for the next who asks", async () => {
  const { renders, ask } = slowRender();
  const waiting = [ask(), ask()];
  renders[0]?.reject(new Error("no metrics"));
  for (const one of waiting) await expect(one).rejects.toThrow("no metrics");
  const next = ask();
  renders[1]?.resolve("text");
  expect(await next).toBe("text");
});
