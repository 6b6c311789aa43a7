import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { podOf } from "../pods/testing/pod-of.ts";
import { IMAGE, stoppedAndGone, watched } from "./testing/watched-pulls.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test("says why, to each policy what its readers may know, and tells each transition once", () => {
  const { pulls, put, changes } = watched();
  put("shop", "Waiting", "Waiting", "Waiting");
  expect(pulls.look()).toBe(60_000);
  expect(pulls.whyStopped("shop")).toBeUndefined();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  expect(pulls.whyStopped("shop")).toBe(
    `The sidecar's image ${IMAGE} cannot be pulled or started by nodes, so new pods of all namespaces start without the sidecar. ` +
      "Look at: kubectl describe pod web-0 -n shop; kubectl logs web-0 -n shop -c healthpolicy-sidecar; " +
      "the architecture of its node. Pods that wait already do not start before their sidecar does: delete them. " +
      "Injection goes on once a pod that waits starts, ten minutes after the last pod that waits is gone, or when another image is set in the chart's values.",
  );
  expect(pulls.whyStopped("blog")).toBe(
    `The sidecar's image ${IMAGE} cannot be pulled or started by nodes for pods of other namespaces, so new pods of all ` +
      "namespaces start without the sidecar. Injection goes on once a pod that waits starts, ten minutes after the last pod that waits is gone, or when another image is set in the chart's values.",
  );
  expect(pulls.stoppedNamespaces()).toBe(2);
  pulls.look();
  expect(changes).toStrictEqual([{ isStopped: true, waitingIn: ["shop"] }]);

  put("shop", "Waiting", "Started", "Waiting");
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeUndefined();
  expect(pulls.stoppedNamespaces()).toBe(0);
  expect(changes.slice(1)).toStrictEqual([{ isStopped: false, waitingIn: ["shop"] }]);
});

test("sidecars that do not start stop their own namespace, and moments in which they run change nothing that is said", () => {
  const { pulls, put, changes, said } = watched();
  put("shop", "NotStarting", "NotStarting", "NotStarting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  expect(pulls.whyStopped("shop")).toContain(
    "cannot be pulled or started by nodes, so new pods of this",
  );
  expect(pulls.whyStopped("shop")).toContain("kubectl describe pod web-0 -n shop");
  expect(pulls.whyStopped("blog")).toBeUndefined();
  put("shop", "Running", "Running", "Running");
  pulls.look();
  put("shop", undefined, "NotStarting", "Running");
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeDefined();
  expect(changes).toStrictEqual([{ isStopped: true, waitingIn: ["shop"] }]);
  expect(said.count).toBe(1);
  put("shop", "NotStarting", "Started", "NotStarting");
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeUndefined();
  expect(changes.slice(1)).toStrictEqual([{ isStopped: false, waitingIn: ["shop"] }]);
});

test("tells of a namespace that is added or goes on while others stay stopped", () => {
  const { pulls, put, changes } = watched();
  const look = () => {
    pulls.look();
    jest.advanceTimersByTime(60_000);
    pulls.look();
    return changes.splice(0);
  };
  put("shop", "Waiting", "Waiting", "Waiting");
  expect(look()).toStrictEqual([{ isStopped: true, waitingIn: ["shop"] }]);
  // It was stopped there as well, but nobody waited.
  put("blog", "Waiting", "Waiting", "Waiting");
  expect(look()).toStrictEqual([{ isStopped: true, waitingIn: ["blog"] }]);
  put("blog", "Waiting", "Started", "Waiting");
  expect(look()).toStrictEqual([{ isStopped: false, waitingIn: ["blog"] }]);
  expect(pulls.whyStopped("shop")).toBeDefined();
  expect(pulls.whyStopped("blog")).toBeUndefined();
});

test("a stop of all that ended by time alone is unproven until a pod has the image, in each namespace with waits one of its own", () => {
  const all = watched();
  const { pulls, put, said } = all;
  stoppedAndGone(all, "shop");
  expect(pulls.whyUnproven("shop")).toBe(
    `Nodes could not pull or start the sidecar's image ${IMAGE}, and no new pod of this namespace has started with it yet: no pod is evicted before.`,
  );
  // It was held back with all others.
  expect(pulls.whyUnproven("blog")).toBe(
    `Nodes could not pull or start the sidecar's image ${IMAGE}, and no pod has started with it yet: no pod is evicted before.`,
  );
  put("blog", { start: "Started", created: Date.now() / 1_000 });
  const before = said.count;
  pulls.look();
  expect(pulls.whyUnproven("blog")).toBeUndefined();
  expect(pulls.whyUnproven("shop")).toBeDefined();
  put("shop", { start: "Started", created: Date.now() / 1_000 });
  pulls.look();
  expect(pulls.whyUnproven("shop")).toBeUndefined();
  // The policies say each of these.
  expect(said.count - before).toBe(2);
});

test("a stop of one namespace that ended by time alone leaves the others as they were", () => {
  const one = watched();
  one.put("blog", "Started");
  stoppedAndGone(one, "shop");
  expect(one.pulls.whyUnproven("shop")).toBeDefined();
  expect(one.pulls.whyUnproven("blog")).toBeUndefined();
});

test("a stop of one namespace says so, and no pod where none waits any more", () => {
  const { pulls, put } = watched();
  put("blog", "Started");
  put("shop", "Waiting", "Waiting", "Waiting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  put("shop");
  pulls.look();
  expect(pulls.whyStopped("blog")).toBeUndefined();
  expect(pulls.whyStopped("shop")).toBe(
    `The sidecar's image ${IMAGE} cannot be pulled or started by nodes, so new pods of this namespace start without the sidecar. ` +
      "Injection goes on once a pod of this namespace that waits starts, ten minutes after the last pod that waits is gone, or when another image is set in the chart's values.",
  );
});

test("where a pod that waited has the image, nothing is unproven", () => {
  const { pulls, put } = watched();
  put("shop", "Waiting", "Waiting", "Waiting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  put("shop", "Started", "Waiting", "Waiting");
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeUndefined();
  expect(pulls.whyUnproven("shop")).toBeUndefined();
});

test("not all are stopped while the pods of one namespace are not known: some may have the image", () => {
  let isKnown = false;
  const { pulls, put } = watched({ synced: (namespace) => isKnown || namespace === "shop" });
  put("shop", "Waiting", "Waiting", "Waiting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeDefined();
  expect(pulls.whyStopped("blog")).toBeUndefined();
  isKnown = true;
  pulls.look();
  expect(pulls.whyStopped("blog")).toBeDefined();
  // What was known stays so.
  isKnown = false;
  pulls.look();
  expect(pulls.whyStopped("blog")).toBeDefined();
});

test("nor one for the pods of others: its own one that waits may be on a broken node", () => {
  const { pulls, put } = watched({
    namespaces: () => ["shop", "blog", "wiki"],
    synced: (namespace) => namespace !== "wiki",
  });
  put("shop", "Waiting", "Waiting", "Waiting");
  put("blog", "Waiting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeDefined();
  expect(pulls.whyStopped("blog")).toBeUndefined();
});

test("pods without our container are none of its business", () => {
  const bare = [1, 2, 3].map((n) => podOf({ uid: `${n}`, sidecar: undefined as never }));
  const { pulls } = watched({ pods: () => bare });
  expect(pulls.look()).toBeUndefined();
});
