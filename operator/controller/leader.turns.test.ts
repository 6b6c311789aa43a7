import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { rawPolicy } from "../api/testing/policy.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import { type LedCluster, openCluster } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

let cluster: LedCluster;
beforeEach(async () => {
  cluster = await openCluster();
});
afterEach(() => cluster.close());

test("a namespace with one policy does not wait for all of one with many", async () => {
  cluster.certify();
  const many = Array.from({ length: 60 }, (_, count) =>
    rawPolicy({ name: `web-${count}`, uid: `uid-${count}` }),
  );
  cluster.world.policies = [...many, rawPolicy({ namespace: "bank", uid: "uid-of-bank" })];
  const controller = new AbortController();
  const leading = cluster.leader.lead(controller.signal);
  const delivered = () => [
    ...new Set(
      cluster.api.seen
        .filter(
          ({ method, path }) =>
            method === "PATCH" && path.includes("/configmaps/healthpolicy-policy-"),
        )
        .map(({ path }) => path),
    ),
  ];
  await until("all policies are delivered", () => delivered().length === many.length + 1);
  // Four are worked on at once: a few of the others are begun before and beside it.
  const before = delivered().findIndex((path) => path.includes("/bank/"));
  expect(before).toBeLessThan(10);
  controller.abort();
  await leading;
});
