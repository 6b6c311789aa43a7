import { describe, expect, test } from "@jest/globals";
import { claimsOf } from "../../api/claims.ts";
import { MAX_CIRCULAR_PODS } from "../../api/limits.ts";
import type { DependencyConfig, Impact } from "../../api/policy-file.ts";
import { testPolicy } from "../../api/testing/policy.ts";
import type { PodRecord } from "../pods/pod-record.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { circularAddresses, skipCircularPods } from "./circular-pods.ts";
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
  const found = skipCircularPods(everything, pods, find);
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

const injected = { ...bare, ...(sidecar && { sidecar }) };

test("one that got its sidecar before there was a circle counts as others do, and no restart is advised for it", () => {
  const revision = sidecar?.revision ?? "";
  const unready = { ...injected, sidecar: { policy: "web", revision, ready: false } };
  const found = skipCircularPods(everything, [unready], find);
  expect(found.circle).toMatchObject({ dependency: "orders-db" });
  expect(countPods(everything, claimsOf([everything]), found.pods)).toMatchObject({
    matched: 1,
    injected: 1,
    left: 0,
    outdated: 0,
    outdatedWorkloads: [],
    optedOut: 0,
    unready: 1,
  });
});

test("one with the sidecar of another policy counts as one that this policy cannot have", () => {
  const other = { ...injected, sidecar: { policy: "other", revision: "r", ready: true } };
  const found = skipCircularPods(everything, [other], find);
  expect(found.pods[0]?.skipped?.reason).toBe("CircularDependency");
});

test("where the policy selects it no more, a restart takes its sidecar out", () => {
  const { pods: counted } = skipCircularPods(testPolicy(), [injected], find);
  expect(countPods(testPolicy(), claimsOf([testPolicy()]), counted)).toMatchObject({
    left: 1,
    outdated: 1,
    outdatedWorkloads: ["statefulset/db"],
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
  expect(skipCircularPods(policy, all, findService)).toStrictEqual({
    pods: all,
    circle: undefined,
  });
});

describe("addresses of pods that are let go", () => {
  const at = (ip: string | undefined, more: Partial<PodRecord> = {}) =>
    podOf({ ...injected, ip, ...more });
  const addresses = (all: PodRecord[], policy = everything) =>
    circularAddresses(policy, all, find).get("orders-db");

  test("are those of the policy's own pods behind a host of it, whatever its selector says by now, sorted", () => {
    const all = [
      at("10.0.0.3"),
      at("10.0.0.2", { skipped: { reason: "OptedOut", message: "It is." } }),
      at("fd12::1"),
      podOf({ ip: "10.0.0.4" }),
      at("10.0.0.5", { sidecar: { policy: "other", revision: "r", ready: true } }),
      { ...bare, ip: "10.0.0.6" },
      at(undefined),
    ];
    expect(addresses(all)).toStrictEqual(["10.0.0.2", "10.0.0.3", "fd12::1"]);
    expect(addresses(all, testPolicy())).toStrictEqual(["10.0.0.2", "10.0.0.3", "fd12::1"]);
    expect(circularAddresses(everything, all, () => undefined)).toStrictEqual(new Map());
  });

  const server = (name: string, impact: Impact, host = name): DependencyConfig => ({
    name,
    type: "tcp",
    impact,
    tcp: { host, port: 80 },
  });

  test("are those of the dependency alone that they are behind, and of none that only reports", () => {
    const dependencies = [
      server("elsewhere", "Gate"),
      server("front", "Observe", "orders-db"),
      server("first", "Startup", "orders-db"),
      server("second", "Gate", "orders-db.shop"),
    ];
    const found = circularAddresses({ ...everything, dependencies }, [at("10.0.0.1")], find);
    expect(found).toStrictEqual(
      new Map([
        ["first", ["10.0.0.1"]],
        ["second", ["10.0.0.1"]],
      ]),
    );
  });

  const both = { ...everything, dependencies: [server("orders-db", "Gate"), server("c", "Gate")] };
  const CACHE = { namespace: "shop", name: "c", selector: { app: "c" }, headless: false };
  const findBoth = ({ name }: { name: string }) => (name === "c" ? CACHE : find({ name }));
  const cacheAt = (ip: string) => at(ip, { labels: CACHE.selector });

  test("are those of each for all of them: pods behind one would wait for those behind the other", () => {
    const found = circularAddresses(both, [cacheAt("10.0.0.2"), at("10.0.0.1")], findBoth);
    const addresses = ["10.0.0.1", "10.0.0.2"];
    expect([...found]).toStrictEqual([
      ["orders-db", addresses],
      ["c", addresses],
    ]);
  });

  test("are some of each where one has many", () => {
    const many = Array.from({ length: MAX_CIRCULAR_PODS }, (_, index) => at(`10.0.1.${index}`));
    const some = circularAddresses(both, [...many, cacheAt("10.0.2.1")], findBoth).get("c");
    expect(some).toContain("10.0.2.1");
    expect(some).toHaveLength(MAX_CIRCULAR_PODS);
  });

  // `db-59.orders-db` means one pod: it waits for itself, whoever else answers for the Service.
  test("are all where there is room, however many dependencies they are behind", () => {
    const all = Array.from({ length: 60 }, (_, index) => at(`10.0.1.${index}`));
    const dependencies = [
      server("self", "Gate", "orders-db"),
      server("last", "Gate", "orders-db.shop"),
    ];
    const found = circularAddresses({ ...everything, dependencies }, all, find);
    expect([...found].map(([name, { length }]) => [name, length])).toStrictEqual([
      ["self", 60],
      ["last", 60],
    ]);
  });

  test("are some of many: those answer for the Service", () => {
    const all = Array.from({ length: MAX_CIRCULAR_PODS + 20 }, (_, index) => at(`10.0.1.${index}`));
    const some = addresses(all) ?? [];
    expect(some).toHaveLength(MAX_CIRCULAR_PODS);
    expect(addresses(all.toReversed())).toStrictEqual(some);
  });

  // Whoever may write the status of a pod writes its address: by one of loopback every pod would be let go.
  test.each(["127.0.0.1", "::1", "orders-db", ""])("%j is none of a pod", (ip) => {
    expect(circularAddresses(everything, [at(ip)], find)).toStrictEqual(new Map());
  });
});
