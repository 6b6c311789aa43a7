import { expect, jest, test } from "@jest/globals";
import type { KubeObject } from "./kube-object.ts";
import { projectService } from "./service.ts";

const onTooWide = jest.fn();
const serviceOf = (spec: object | undefined) =>
  projectService(
    {
      metadata: { namespace: "shop", name: "db", annotations: { long: "text" } },
      ...(spec && { spec }),
    } as unknown as KubeObject,
    onTooWide,
  );

test("its name, the labels of its pods, and whether they have names of their own", () => {
  const selector = { app: "db" };
  expect(serviceOf({ selector, clusterIP: "10.0.0.1", ports: [{ port: 1 }] })).toStrictEqual({
    namespace: "shop",
    name: "db",
    selector,
    headless: false,
  });
  expect(serviceOf({ selector, clusterIP: "None" })?.headless).toBe(true);
});

test.each([
  ["without a selector", {}],
  ["with an empty one", { selector: {} }],
  ["that is another name", { type: "ExternalName", selector: { app: "db" } }],
  ["without a spec", undefined],
])("one %s is not kept", (_, spec) => {
  expect(serviceOf(spec)).toBeUndefined();
});

test("one that selects by 90,000 labels is not kept, and told of", () => {
  const many = Array.from({ length: 90_000 }, (_, index) => [`label-${index}`, ""]);
  expect(serviceOf({ selector: { app: "db" } })).toBeDefined();
  expect(onTooWide).not.toHaveBeenCalled();
  expect(serviceOf({ selector: Object.fromEntries(many) })).toBeUndefined();
  expect(onTooWide).toHaveBeenCalledWith({ namespace: "shop", name: "db" });
});
