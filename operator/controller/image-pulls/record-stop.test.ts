import { expect, test } from "@jest/globals";
import type { EventToRecord } from "../events/event-object.ts";
import { recordStop } from "./record-stop.ts";

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
