import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import type { EventToRecord } from "../events/event-object.ts";
import type { StartState } from "../pods/start-state.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import type { ReportingPolicy } from "./read-reports.ts";
import { recordStop } from "./record-stop.ts";
import { type ImagePullsOptions, watchImagePulls } from "./watch-image-pulls.ts";

const IMAGE = "registry.example/healthpolicy/sidecar:1";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Two namespaces with a policy each. */
function watched(options: Partial<ImagePullsOptions> = {}) {
  const pods = new Map<string, ReturnType<typeof podOf>[]>();
  const changes: unknown[] = [];
  const said = { count: 0 };
  const pulls = watchImagePulls({
    image: IMAGE,
    namespaces: () => ["shop", "blog"],
    pods: (namespace) => pods.get(namespace) ?? [],
    synced: () => true,
    policies: () => [],
    onChange: () => {
      said.count += 1;
    },
    onTransition: (change) => changes.push(change),
    log: pino({ level: "silent" }),
    ...options,
  });
  const sidecar = { policy: "web", revision: "abc", ready: false };
  type Put = StartState | { start: StartState; created: number } | undefined;
  const put = (namespace: string, ...starts: Put[]) => {
    const records = starts.map((one, index) => {
      const { start, created } = typeof one === "object" ? one : { start: one, created: 1 };
      const name = `web-${index}`;
      const uid = `${namespace}-${name}`;
      return podOf({
        namespace,
        name,
        uid,
        created,
        sidecar: { ...sidecar, ...(start && { start }) },
      });
    });
    pods.set(namespace, records);
  };
  return { pulls, put, changes, said };
}

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

/** A minute in which three pods of the namespace wait, and ten in which they are gone. */
function stoppedAndGone({ pulls, put }: ReturnType<typeof watched>, namespace: string): void {
  put(namespace, "Waiting", "Waiting", "Waiting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  expect(pulls.whyUnproven(namespace)).toBeUndefined();
  put(namespace);
  pulls.look();
  jest.advanceTimersByTime(600_000);
  pulls.look();
  expect(pulls.whyStopped(namespace)).toBeUndefined();
}

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

test("pods without our container are none of its business", () => {
  const bare = [1, 2, 3].map((n) => podOf({ uid: `${n}`, sidecar: undefined as never }));
  const { pulls } = watched({ pods: () => bare });
  expect(pulls.look()).toBeUndefined();
});

/** The policies as a leader has written them. */
function written({ pulls }: ReturnType<typeof watched>): ReportingPolicy[] {
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
const says = ({ pulls }: ReturnType<typeof watched>) =>
  ["shop", "blog"].map((one) => pulls.whyStopped(one) ?? pulls.whyUnproven(one));

/** A leader after this one: it says the same before and after its first look at these pods. */
function takesOver(last: ReturnType<typeof watched>, inShop: StartState[]) {
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

test("Events go to the policies whose pods wait, ten at most", () => {
  const recorded: EventToRecord[] = [];
  const events = { record: (event: EventToRecord) => recorded.push(event) };
  const policies = Array.from({ length: 30 }, (_, index) => {
    const namespace = index % 2 === 0 ? "shop" : "blog";
    return { namespace, name: `web-${index}`, uid: `uid-${index}` };
  });
  recordStop({ isStopped: true, waitingIn: ["shop"] }, { policies, events });
  expect(recorded).toHaveLength(10);
  expect(recorded[1]).toStrictEqual({
    regarding: {
      apiVersion: "healthpolicy.dev/v1alpha1",
      kind: "HealthPolicy",
      namespace: "shop",
      name: "web-2",
      uid: "uid-2",
    },
    type: "Warning",
    reason: "InjectionStopped",
    message: "Nodes cannot pull or start the sidecar's image: new pods start without the sidecar.",
  });
  recordStop({ isStopped: false, waitingIn: ["blog"] }, { policies, events });
  expect(recorded.at(-1)).toMatchObject({ type: "Normal", reason: "InjectionResumed" });
});
