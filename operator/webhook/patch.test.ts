/** A patch, applied by other code than made it, gives the object that was wanted. */
import { describe, expect, test } from "@jest/globals";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "../inject/inject.ts";
import { deepFreeze } from "../inject/testing/deep-freeze.ts";
import { seededRandom } from "../inject/testing/random.ts";
import { randomPod } from "../inject/testing/random-pod.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import { diff } from "./patch.ts";
import { applyPatch } from "./testing/apply-patch.ts";

describe("the difference of", () => {
  test.each<[string, unknown, unknown, unknown]>([
    ["equal objects is nothing", { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ["a new field", {}, { a: 1 }, [{ op: "add", path: "/a", value: 1 }]],
    ["a field less", { a: 1, b: 2 }, { b: 2 }, [{ op: "remove", path: "/a" }]],
    ["a changed field", { a: 1 }, { a: "1" }, [{ op: "replace", path: "/a", value: "1" }]],
    ["null and a value", { a: null }, { a: {} }, [{ op: "replace", path: "/a", value: {} }]],
    ["a key with / and ~", {}, { "a/b~c": 1 }, [{ op: "add", path: "/a~1b~0c", value: 1 }]],
    ["an item put first", [1, 2], [0, 1, 2], [{ op: "add", path: "/0", value: 0 }]],
    ["an item put last", [1], [1, 2], [{ op: "add", path: "/1", value: 2 }]],
    [
      "items put between",
      [1, 4],
      [1, 2, 3, 4],
      [
        { op: "add", path: "/1", value: 2 },
        { op: "add", path: "/2", value: 3 },
      ],
    ],
    [
      "an object put behind an equal one",
      [{ a: 1 }],
      [{ a: 1 }, { a: 2 }],
      [{ op: "add", path: "/1", value: { a: 2 } }],
    ],
    ["a repeated item less", [1, 1], [1], [{ op: "replace", path: "", value: [1] }]],
    ["a changed item", [{ a: 1 }], [{ a: 2 }], [{ op: "replace", path: "/0/a", value: 2 }]],
    ["a shorter list", [1, 2], [2], [{ op: "replace", path: "", value: [2] }]],
    ["a list and an object", [1], { 0: 1 }, [{ op: "replace", path: "", value: { 0: 1 } }]],
  ])("%s", (_, before, after, operations) => {
    expect([...diff(before, after)]).toStrictEqual(operations);
    expect(applyPatch(before, [...diff(before, after)])).toStrictEqual(after);
  });
});

test("the patch of an injected pod gives that pod, and touches what we own alone", () => {
  let checked = 0;
  // Of the pod's own resources what the sidecar adds to them, and what an API server would fill in: pod-resources.ts.
  const ours =
    /^\/(metadata\/annotations(\/healthpolicy\.dev~1(policy|revision))?|spec\/(initContainers|volumes)(\/.*)?|spec\/resources\/requests|spec\/resources\/(requests|limits)\/(cpu|memory))$/;
  for (let seed = 0; seed < 1_000; seed++) {
    const pod = deepFreeze(randomPod(seed));
    const injection = inject(pod, testPolicy(), SETTINGS);
    if (!("pod" in injection)) continue;
    checked++;
    const operations = [...diff(pod, injection.pod)];
    expect({ seed, pod: applyPatch(pod, operations) }).toStrictEqual({ seed, pod: injection.pod });
    const foreign = operations.filter(({ path }) => !ours.test(path));
    expect({ seed, foreign }).toStrictEqual({ seed, foreign: [] });
  }
  expect(checked).toBeGreaterThan(500);
});

test("the patch of any two objects leads from one to the other", () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = seededRandom(seed);
    const [before, after] = [randomPod(random.below(5_000)), randomPod(random.below(5_000))];
    const patched = applyPatch(before, [...diff(before, after)]);
    expect({ seed, patched }).toStrictEqual({ seed, patched: after });
  }
});
