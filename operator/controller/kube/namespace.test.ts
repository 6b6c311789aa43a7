import { expect, jest, test } from "@jest/globals";
import type { KubeObject } from "./kube-object.ts";
import { projectNamespace } from "./namespace.ts";

const onTooWide = jest.fn();
const project = (metadata: object) =>
  projectNamespace({ metadata: { name: "shop", ...metadata } } as KubeObject, onTooWide);

test("its labels, whether it is opted out, and the annotations that decide about its pods", () => {
  const labels = { team: "a", "healthpolicy.dev/inject": "false" };
  const annotations = { "config.linkerd.io/skip-inbound-ports": "3306", other: "1" };
  expect(project({ labels, annotations })).toStrictEqual({
    name: "shop",
    labels,
    optedOut: true,
    annotations: { "config.linkerd.io/skip-inbound-ports": "3306" },
  });
  expect(project({})).toStrictEqual({
    name: "shop",
    labels: {},
    optedOut: false,
    annotations: {},
  });
  expect(onTooWide).not.toHaveBeenCalled();
});

test("of 40,000 labels the name alone, and whether it is opted out", () => {
  const many = Array.from({ length: 40_000 }, (_, index) => [`label-${index}`, ""]);
  const labels = { ...Object.fromEntries(many), "healthpolicy.dev/inject": "false" };
  const annotations = { "config.linkerd.io/skip-inbound-ports": "1".repeat(1_025) };
  expect(project({ labels, annotations })).toStrictEqual({
    name: "shop",
    labels: { "kubernetes.io/metadata.name": "shop" },
    optedOut: true,
    annotations: {},
  });
  expect(onTooWide).toHaveBeenCalledWith({ name: "shop" });
});
