/** What a look at a namespace's pods costs; which pods are restarted is tested in next-eviction.test.ts. */
import { expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { restartRule } from "./restartable.ts";
import { pod, RESTART } from "./testing/rollout-facts.ts";

test("pods that the policy does not select are held against no other policy", () => {
  let looks = 0;
  const other = {
    ...RESTART,
    name: "other",
    get selector() {
      looks += 1;
      return { matchLabels: { app: "other" } };
    },
  };
  const why = restartRule(RESTART, claimsOf([RESTART, other]));
  expect(why(pod("other-1", { labels: { app: "other" } }))).toBeUndefined();
  expect(looks).toBe(0);
  expect(why(pod("web-1"))).toBe("missing");
  expect(looks).toBe(1);
});
