import { expect, test } from "@jest/globals";
import { isDnsSubdomain } from "../../api/name-patterns.ts";
import { type EventToRecord, eventObject, eventPath, MAX_MESSAGE_BYTES } from "./event-object.ts";

const POD = { apiVersion: "v1", kind: "Pod", namespace: "shop", name: "web-1", uid: "uid-1" };
const EVENT: EventToRecord = {
  regarding: POD,
  type: "Warning",
  reason: "DependencyUnavailable",
  message: "orders-db: ConnectionRefused for 12s",
};
const ABOUT = { at: new Date("2026-01-02T03:04:05.678Z"), instance: "operator-1", unique: "a" };

interface Stored {
  metadata: { name: string; namespace: string };
  message: string;
}
const stored = (event: Partial<EventToRecord>, about: Partial<typeof ABOUT> = {}) =>
  eventObject({ ...EVENT, ...event }, { ...ABOUT, ...about }) as Stored;
const nameOf = (...args: Parameters<typeof stored>) => stored(...args).metadata.name;

test("is what kubectl describe finds and prints", () => {
  expect(eventPath(POD)).toBe("/api/v1/namespaces/shop/events");
  expect(eventObject(EVENT, ABOUT)).toStrictEqual({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: expect.stringMatching(/^web-1\.[0-9a-f]{16}$/), namespace: "shop" },
    involvedObject: POD,
    type: "Warning",
    reason: "DependencyUnavailable",
    message: "orders-db: ConnectionRefused for 12s",
    source: { component: "healthpolicy-operator" },
    reportingComponent: "healthpolicy-operator",
    reportingInstance: "operator-1",
    firstTimestamp: "2026-01-02T03:04:05Z",
    lastTimestamp: "2026-01-02T03:04:05Z",
    count: 1,
  });
});

test("on an object of the cluster it is in the namespace that the API server asks for", () => {
  const { namespace: _, ...regarding } = POD;
  expect(eventPath(regarding)).toBe("/api/v1/namespaces/default/events");
  expect(stored({ regarding })).toMatchObject({
    metadata: { namespace: "default" },
    involvedObject: regarding,
  });
});

test("each has a name of its own, and what is to be said once always the same", () => {
  expect(nameOf({})).not.toBe(nameOf({}, { unique: "b" }));
  const once = nameOf({ once: "revision-1" });
  expect(nameOf({ once: "revision-1", message: "another" }, { unique: "b" })).toBe(once);
  expect(nameOf({ once: "revision-2" })).not.toBe(once);
  expect(nameOf({ once: "revision-1", reason: "DependencyRecovered" })).not.toBe(once);
  expect(nameOf({ once: "revision-1", regarding: { ...POD, uid: "uid-2" } })).not.toBe(once);
});

test.each(["x".repeat(253), `${"x".repeat(199)}.${"y".repeat(53)}`, `${"x".repeat(198)}--y`])(
  "has a name that can be one, however long the object's is",
  (name) => {
    const unusual = nameOf({ regarding: { ...POD, name } });
    expect(isDnsSubdomain(unusual)).toBe(true);
    expect(unusual.length).toBeLessThan(253);
  },
);

test.each(["x", "ä", "€", "😀"])(
  "a message of %s is cut off at 1 KiB, between characters",
  (one) => {
    const short = one.repeat(Math.floor(MAX_MESSAGE_BYTES / Buffer.byteLength(one)));
    expect(stored({ message: short }).message).toBe(short);
    const { message } = stored({ message: one.repeat(2_000) });
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(Buffer.byteLength(message)).toBeGreaterThan(MAX_MESSAGE_BYTES - 8);
    expect(message).toBe(one.repeat([...message].length));
  },
);
