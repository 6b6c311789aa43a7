import { expect, test } from "@jest/globals";
import { createPodIndex } from "./pod-index.ts";
import { podOf } from "./testing/pod-of.ts";

test("the index forgets pods, and namespaces without any", () => {
  const index = createPodIndex();
  const pod = podOf();
  index.update({ key: "shop/web-1", now: pod });
  index.update({ key: "shop/web-1", old: pod, now: { ...pod, ready: false } });
  expect(index.pods("shop").map(({ ready }) => ready)).toEqual([false]);
  index.update({ key: "shop/web-1", old: pod });
  expect(index.pods("shop")).toStrictEqual([]);
});

test("a pod that is being deleted is kept beside the others, until it is gone", () => {
  const index = createPodIndex();
  const pod = podOf();
  const terminating = { ...pod, terminating: true as const };
  index.update({ key: "shop/web-1", now: pod });
  index.update({ key: "shop/web-1", old: pod, now: terminating });
  expect(index.pods("shop")).toStrictEqual([]);
  expect([...index.all()]).toStrictEqual([]);
  expect(index.terminating("shop")).toStrictEqual([terminating]);
  index.update({ key: "shop/web-1", old: terminating });
  expect(index.terminating("shop")).toStrictEqual([]);
});
