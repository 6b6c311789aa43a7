/** What a leader knows of pulls from what the one before it has written. */
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { StartState } from "../pods/start-state.ts";
import type { ReportingPolicy } from "./read-reports.ts";
import { stoppedAndGone, type Watched, watched } from "./testing/watched-pulls.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** The policies as a leader has written them. */
function written({ pulls }: Watched): ReportingPolicy[] {
  const lastTransitionTime = new Date().toISOString();
  return ["shop", "blog"].map((namespace) => {
    const stopped = pulls.whyStopped(namespace);
    const reason = stopped === undefined ? "Programmed" : "ImageNotPulled";
    const message = stopped ?? `${pulls.whyUnproven(namespace) ?? ""} A pod created now gets it.`;
    return {
      namespace,
      status: { conditions: [{ type: "Programmed", reason, message, lastTransitionTime }] },
    };
  });
}

/** What the policies of both namespaces say. */
const says = ({ pulls }: Watched) =>
  ["shop", "blog"].map((one) => pulls.whyStopped(one) ?? pulls.whyUnproven(one));

/** A leader after this one: it says the same before and after its first look at these pods. */
function takesOver(last: Watched, inShop: StartState[]) {
  const policies = written(last);
  const next = watched({ policies: () => policies });
  const { pulls, put, changes } = next;
  expect(["shop", "blog"].map((one) => pulls.whyStopped(one) !== undefined)).toStrictEqual(
    ["shop", "blog"].map((one) => last.pulls.whyStopped(one) !== undefined),
  );
  put("shop", ...inShop);
  pulls.look();
  expect(says(next)).toStrictEqual(says(last));
  expect(changes).toStrictEqual([]);
  return next;
}

test("leaders one after another say of a stop of all what the first did, also before one of them has looked", () => {
  const first = watched();
  first.put("shop", "Waiting", "Waiting", "Waiting");
  first.pulls.look();
  jest.advanceTimersByTime(60_000);
  first.pulls.look();
  const second = takesOver(first, ["Waiting"]);
  // Told by the status alone: no pod can be named.
  const unseen = watched({ policies: () => written(second) });
  const fourth = watched({ policies: () => written(unseen) });
  expect(fourth.pulls.whyStopped("blog")).toBe(first.pulls.whyStopped("blog"));
  fourth.put("blog", "Started");
  fourth.put("shop", "Waiting");
  fourth.pulls.look();
  expect(fourth.pulls.whyStopped("shop")).toBeDefined();
  expect(fourth.pulls.whyStopped("blog")).toBeUndefined();
});

test("leaders one after another leave two namespaces that were stopped for themselves two", () => {
  const namespaces = () => ["shop", "blog", "wiki"];
  const first = watched({ namespaces });
  first.put("wiki", "Started");
  for (const namespace of ["shop", "blog"]) first.put(namespace, "Waiting", "Waiting", "Waiting");
  first.pulls.look();
  jest.advanceTimersByTime(60_000);
  first.pulls.look();
  const policies = written(first);
  const { pulls, put, said } = watched({ namespaces, policies: () => policies });
  expect(pulls.stoppedNamespaces()).toBe(2);
  expect(pulls.whyStopped("wiki")).toBeUndefined();
  put("shop", "Waiting");
  put("blog", "Waiting");
  pulls.look();
  // Only now it knows pods to name.
  expect(said.count).toBe(1);
  expect(pulls.stoppedNamespaces()).toBe(2);
});

test("a new leader knows what is unproven, and which pod proves it", () => {
  const first = watched();
  stoppedAndGone(first, "shop");
  const created = Date.now() / 1_000;
  jest.advanceTimersByTime(5_000);
  const policies = written(first).map(({ namespace, status }) => {
    const conditions = status?.conditions?.map((condition) => ({
      ...condition,
      lastTransitionTime: new Date(created * 1_000).toISOString(),
    }));
    return { namespace, status: { conditions } };
  });
  const next = watched({ policies: () => policies });
  expect(says(next)).toStrictEqual(says(first));
  next.pulls.look();
  expect(says(next)).toStrictEqual(says(first));
  next.put("shop", { start: "Started", created: created + 1 });
  next.pulls.look();
  expect(says(next)).toStrictEqual([undefined, undefined]);
});
