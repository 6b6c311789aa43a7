/**
 * Whatever a client begins with: once it is told to be none, no more bytes make it one, and only one length is whole.
 */
import { expect } from "@jest/globals";
import fc from "fast-check";
import { fuzz } from "../../test/fuzz/fuzz.ts";
import { judgeHello } from "./hello-first.ts";

const bytes = fc.uint8Array({ maxLength: 64 });

fuzz("a client's first bytes are judged alike, in however many pieces they come", {
  input: fc.tuple(fc.constantFrom([], [22, 3, 1, 0, 40], [22, 3, 1, 0, 40, 1, 0, 0, 36]), bytes),
  runs: 200,
  holds: ([head, rest]) => {
    const received = Buffer.from([...head, ...rest]);
    const judged = [...received.keys(), received.length].map((length) =>
      judgeHello(received.subarray(0, length)),
    );
    const order = ["begun", "whole", "none"];
    expect(judged.filter((verdict) => verdict === "whole").length).toBeLessThanOrEqual(1);
    expect(judged).toStrictEqual(
      judged.toSorted((one, other) => order.indexOf(one) - order.indexOf(other)),
    );
  },
});
