import { expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { circularPods } from "./circular-pods.ts";
import { countPods } from "./pod-counts.ts";

/** In front of the pods of the database that every policy here names. */
const DATABASE = { namespace: "shop", name: "orders-db", selector: { app: "db" }, headless: false };
const find = ({ name }: { name: string }) => (name === DATABASE.name ? DATABASE : undefined);

const everything = testPolicy({ selector: {} });
const { sidecar, ...bare } = podOf({
  name: "db-1",
  labels: { app: "db" },
  restartTarget: "statefulset/db",
});
const pods = [podOf(), bare];

test("pods behind a host of the policy are skipped, and the circle is named", () => {
  const found = circularPods(everything, pods, find);
  expect(found.circle).toStrictEqual({ dependency: "orders-db", service: DATABASE });
  expect(found.pods).toStrictEqual([
    podOf(),
    {
      ...bare,
      skipped: {
        reason: "CircularDependency",
        message:
          "The pod is behind Service orders-db, the host of dependency orders-db, and would wait for itself.",
      },
    },
  ]);
  expect(countPods(everything, claimsOf([everything]), found.pods)).toMatchObject({
    matched: 1,
    injected: 1,
    optedOut: 1,
    predating: [],
  });
});

test("one that got a sidecar before there was a circle is outdated", () => {
  const injected = { ...bare, ...(sidecar && { sidecar }) };
  const found = circularPods(everything, [injected], find);
  expect(countPods(everything, claimsOf([everything]), found.pods)).toMatchObject({
    left: 1,
    outdated: 1,
  });
});

test.each([
  ["the policy does not select them", testPolicy(), pods, find],
  ["there is no such Service", everything, pods, () => undefined],
  [
    "they are opted out",
    everything,
    [{ ...bare, skipped: { reason: "OptedOut" as const, message: "It is." } }],
    find,
  ],
])("no circle where %s", (_, policy, all, findService) => {
  expect(circularPods(policy, all, findService)).toStrictEqual({ pods: all, circle: undefined });
});
