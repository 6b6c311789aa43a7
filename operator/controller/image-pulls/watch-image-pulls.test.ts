import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { pino } from "pino";
import type { EventToRecord } from "../events/event-object.ts";
import { podOf } from "../policy/testing/records.ts";
import type { ImageState } from "./image-state.ts";
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
    policies: () => [],
    onChange: () => {
      said.count += 1;
    },
    onTurn: (change) => changes.push(change),
    log: pino({ level: "silent" }),
    ...options,
  });
  const sidecar = { policy: "web", revision: "abc", ready: false };
  type Put = ImageState | { image: ImageState; created: number } | undefined;
  const put = (namespace: string, ...images: Put[]) => {
    const records = images.map((one, index) => {
      const { image, created } = typeof one === "object" ? one : { image: one, created: 1 };
      const name = `web-${index}`;
      const uid = `${namespace}-${name}`;
      return podOf({
        namespace,
        name,
        uid,
        created,
        sidecar: { ...sidecar, ...(image && { image }) },
      });
    });
    pods.set(namespace, records);
  };
  return { pulls, put, changes, said };
}

test("says why, to each policy what its readers may know, and tells each turn once", () => {
  const { pulls, put, changes } = watched();
  put("shop", "Waiting", "Waiting", "Waiting");
  expect(pulls.look()).toBe(60_000);
  expect(pulls.whyStopped("shop")).toBeUndefined();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  expect(pulls.whyStopped("shop")).toBe(
    `The sidecar's image ${IMAGE} cannot be pulled by nodes, so new pods start without the sidecar. ` +
      "What the nodes say: kubectl describe pod web-0 -n shop. " +
      "Pods that wait already do not start before they have it: delete them. " +
      "Injection goes on once a pod that waits has the image, ten minutes after the last pod that waits is gone, or when another image is set in the chart's values.",
  );
  expect(pulls.whyStopped("blog")).toBe(
    `The sidecar's image ${IMAGE} cannot be pulled by nodes for pods of other namespaces, so new pods start without ` +
      "the sidecar. Injection goes on once a pod that waits has the image, ten minutes after the last pod that waits is gone, or when another image is set in the chart's values.",
  );
  expect(pulls.stoppedNamespaces()).toBe(2);
  pulls.look();
  expect(changes).toStrictEqual([{ isStopped: true, waitingIn: ["shop"] }]);

  put("shop", "Waiting", "Pulled", "Waiting");
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeUndefined();
  expect(pulls.stoppedNamespaces()).toBe(0);
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
  put("blog", "Waiting", "Pulled", "Waiting");
  expect(look()).toStrictEqual([{ isStopped: false, waitingIn: ["blog"] }]);
  expect(pulls.whyStopped("shop")).toBeDefined();
  expect(pulls.whyStopped("blog")).toBeUndefined();
});

test("that injection went on by time alone is unproven until a pod made since has the image", () => {
  const { pulls, put } = watched();
  put("shop", "Waiting", "Waiting", "Waiting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  expect(pulls.isUnproven("shop")).toBe(false);
  put("shop");
  pulls.look();
  jest.advanceTimersByTime(600_000);
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeUndefined();
  expect(pulls.isUnproven("shop")).toBe(true);
  // It was held back with all others.
  expect(pulls.isUnproven("blog")).toBe(true);
  // Pulled long ago, in a pod of that time.
  put("shop", "Pulled");
  pulls.look();
  expect(pulls.isUnproven("shop")).toBe(true);
  put("shop", { image: "Pulled", created: Date.now() / 1_000 });
  pulls.look();
  expect(pulls.isUnproven("shop")).toBe(false);
});

test("where a pod that waited has the image, nothing is unproven", () => {
  const { pulls, put } = watched();
  put("shop", "Waiting", "Waiting", "Waiting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  put("shop", "Pulled", "Waiting", "Waiting");
  pulls.look();
  expect(pulls.whyStopped("shop")).toBeUndefined();
  expect(pulls.isUnproven("shop")).toBe(false);
});

test("pods without our container are none of its business", () => {
  const bare = [1, 2, 3].map((n) => podOf({ uid: `${n}`, sidecar: undefined as never }));
  const { pulls } = watched({ pods: () => bare });
  expect(pulls.look()).toBeUndefined();
});

test.each([
  ["this image", IMAGE, "ImageNotPulled", true],
  ["a longer name of that beginning", `${IMAGE}0`, "ImageNotPulled", false],
  ["another image", "registry.example/healthpolicy/sidecar:2", "ImageNotPulled", false],
  ["something else", IMAGE, "Reconciling", false],
])("a new leader goes on from what the status says of %s", (_what, image, reason, goesOn) => {
  const earlier = watched({ image });
  earlier.put("shop", "Waiting", "Waiting", "Waiting");
  earlier.pulls.look();
  jest.advanceTimersByTime(60_000);
  earlier.pulls.look();
  const policies = ["shop", "blog"].map((namespace) => {
    const message = earlier.pulls.whyStopped(namespace) ?? "";
    return { namespace, status: { conditions: [{ type: "Programmed", reason, message }] } };
  });
  const { pulls, put, changes, said } = watched({ policies: () => policies });
  expect(pulls.whyStopped("shop") !== undefined).toBe(goesOn);
  expect(pulls.whyStopped("blog") !== undefined).toBe(goesOn);
  // Only now it knows a pod to name.
  put("shop", "Waiting");
  pulls.look();
  expect(said.count).toBe(goesOn ? 1 : 0);
  expect(pulls.whyStopped("blog") !== undefined).toBe(goesOn);
  expect(changes).toStrictEqual([]);
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
    message: "Nodes cannot pull the sidecar's image: new pods start without the sidecar.",
  });
  recordStop({ isStopped: false, waitingIn: ["blog"] }, { policies, events });
  expect(recorded.at(-1)).toMatchObject({ type: "Normal", reason: "InjectionResumed" });
});
