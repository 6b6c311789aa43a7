import { describe, expect, test } from "@jest/globals";
import { NESTING_RULES } from "./cel-timing.ts";
import { effectivePolicy } from "./effective-policy.ts";
import { celRefusals } from "./testing/cel-refusals.ts";
import { rawPolicy } from "./testing/policy.ts";

describe("of times that do not nest, the CRD refuses", () => {
  /** What the rules and the programs say to policies with these times, and with what `unset` holds. */
  function judged(unset: undefined[]) {
    // The rules of nesting alone: the whole schema would take seconds.
    const nesting = { "x-kubernetes-validations": NESTING_RULES };
    return [...unset, "3s", "4000ms", "1m"].flatMap((connectTimeout) =>
      [...unset, "3s", "3999ms", "4s", "4001ms", "5s"].flatMap((checkTimeout) =>
        [...unset, "3s", "4s", "5000ms"].flatMap((interval) =>
          [...unset, 3, 4, 5].map((timeoutSeconds) => {
            const timing = { connectTimeout, checkTimeout, interval };
            // By way of JSON, as to the API server: a field that is undefined is none.
            const times = JSON.parse(JSON.stringify({ timing, probe: { timeoutSeconds } }));
            const policy = rawPolicy({}, times);
            const refused = celRefusals(nesting, policy.spec).length > 0;
            return { times, refused, invalid: "invalid" in effectivePolicy(policy) };
          }),
        ),
      ),
    );
  }

  test("all, where the policy sets every time, and no others", () => {
    const all = judged([]);
    expect(all.filter(({ refused, invalid }) => refused !== invalid)).toStrictEqual([]);
    expect(new Set(all.map(({ refused }) => refused)).size).toBe(2);
  });

  test("none that nest once defaults are filled in", () => {
    const wrong = judged([undefined]).filter(({ refused, invalid }) => refused && !invalid);
    expect(wrong).toStrictEqual([]);
  });
});
