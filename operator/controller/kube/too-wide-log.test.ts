import { expect, jest, test } from "@jest/globals";
import { createTooWideLog } from "./too-wide-log.ts";

test("each of the first twenty objects is named once", () => {
  const warn = jest.fn();
  const onTooWide = createTooWideLog({ warn }, "Service", "it is left out");
  for (let index = 0; index < 30; index += 1) {
    for (const _ of [1, 2]) onTooWide({ namespace: "shop", name: `s${index}` });
  }
  expect(warn).toHaveBeenCalledTimes(20);
  expect(warn).toHaveBeenCalledWith(
    { kind: "Service", key: "shop/s0" },
    "an object has more than 64 labels or 4096 characters of labels: it is left out",
  );
});
