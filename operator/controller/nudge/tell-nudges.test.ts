import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { EventToRecord } from "../events/event-object.ts";
import { ApiError } from "../kube/api-error.ts";
import { createTellNudges, MOST_REMEMBERED, type TellNudges } from "./tell-nudges.ts";

const WEB = { namespace: "shop", name: "web", uid: "6f1c" };
const answered = (code: number) =>
  new ApiError("patching", { code, body: JSON.stringify({ reason: "Because", message: "words" }) });

let events: EventToRecord[];
let results: string[];
let warnings: object[];
let tell: TellNudges;

beforeEach(() => {
  jest.useFakeTimers();
  events = [];
  results = [];
  warnings = [];
  tell = createTellNudges({
    events: { record: (event) => events.push(event) },
    onResult: (result) => results.push(result),
    log: { warn: (fields: object) => warnings.push(fields) },
  });
});
afterEach(() => {
  jest.useRealTimers();
});

test("on the policy and in the log once, and each pod is counted", () => {
  tell.failed(WEB, answered(403));
  tell.failed(WEB, answered(403));
  tell.nudged();
  expect(events).toStrictEqual([
    {
      regarding: { apiVersion: "healthpolicy.dev/v1alpha1", kind: "HealthPolicy", ...WEB },
      type: "Warning",
      reason: "NudgeFailed",
      message:
        "A change of the policy reaches running pods within about a minute instead of seconds, as the API server answered 403 Because.",
    },
  ]);
  expect(warnings).toMatchObject([
    { policy: "shop/web", why: "the API server answered 403 Because", err: expect.any(ApiError) },
  ]);
  expect(results).toStrictEqual(["refused", "refused", "nudged"]);
});

test("again for another cause, for another policy, and after an hour", () => {
  tell.failed(WEB, answered(403));
  tell.failed(WEB, answered(500));
  tell.failed({ ...WEB, name: "other" }, answered(500));
  jest.advanceTimersByTime(3_599_999);
  tell.failed(WEB, answered(500));
  expect([events.length, warnings.length]).toStrictEqual([3, 3]);
  jest.advanceTimersByTime(1);
  tell.failed(WEB, answered(500));
  expect([events.length, warnings.length]).toStrictEqual([4, 4]);
});

test("a pod that is gone is no failure", () => {
  tell.failed(WEB, answered(404));
  expect([results, events, warnings]).toStrictEqual([["gone"], [], []]);
});

test("a pod for which it was too late is counted, and is no failure", () => {
  tell.leftOut();
  expect([results, events, warnings]).toStrictEqual([["left_out"], [], []]);
});

test("remembers so many policies and no more, and forgets the one of longest ago", () => {
  for (let count = 0; count < MOST_REMEMBERED; count += 1) {
    tell.failed({ ...WEB, name: `web-${count}` }, answered(403));
  }
  tell.failed({ ...WEB, name: "web-0" }, answered(403));
  expect(events).toHaveLength(MOST_REMEMBERED);
  tell.failed({ ...WEB, name: "one-more" }, answered(403));
  tell.failed({ ...WEB, name: "web-0" }, answered(403));
  expect(events).toHaveLength(MOST_REMEMBERED + 2);
  tell.failed({ ...WEB, name: "web-2" }, answered(403));
  expect(events).toHaveLength(MOST_REMEMBERED + 2);
});
