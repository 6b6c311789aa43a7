import { describe, expect, test } from "@jest/globals";
import { circleThrough, type FindService, ownServices } from "./circular-dependency.ts";
import type { DependencyConfig } from "./policy-file.ts";

const SERVICES = [
  { namespace: "shop", name: "db", selector: { app: "db", role: "primary" }, headless: false },
  { namespace: "shop", name: "cache", selector: { app: "cache" }, headless: true },
  // By chance it has the name of a namespace.
  { namespace: "shop", name: "bank", selector: { app: "bank" }, headless: true },
  { namespace: "shop", name: "shop", selector: { app: "web" }, headless: false },
  { namespace: "bank", name: "db", selector: { app: "db" }, headless: false },
];
const find: FindService = ({ namespace, name }) =>
  SERVICES.find((service) => service.namespace === namespace && service.name === name);

const database = (host: string): DependencyConfig => ({
  name: "orders-db",
  type: "postgresql",
  impact: "Gate",
  postgresql: { host, query: "SELECT 1" },
});
const found = (...dependencies: DependencyConfig[]) =>
  ownServices({ namespace: "shop", dependencies }, find).map(
    ({ dependency, service }) => `${dependency} ${service.name}`,
  );

describe("a host", () => {
  test.each([
    "db",
    "DB",
    "db.shop",
    "db.shop.svc",
    "db.shop.svc.cluster.local",
    "db.shop.svc.cluster.local.",
  ])("%s is the namespace's own Service", (host) => {
    expect(found(database(host))).toStrictEqual(["orders-db db"]);
  });

  test("that is the name of the namespace can be a Service's too", () => {
    expect(found(database("shop"))).toStrictEqual(["orders-db shop"]);
  });

  test.each([
    "cache-0.cache",
    "cache-0.cache.shop",
    "cache-0.cache.shop.svc.cluster.local",
    "leader.cache.shop",
  ])("%s is a pod of a headless one", (host) => {
    expect(found(database(host))).toStrictEqual(["orders-db cache"]);
  });

  test.each([
    "elsewhere",
    "localhost",
    "10.0.0.1",
    "fd00::1",
    "db.bank",
    "db.bank.svc.cluster.local",
    "db.bank.svc",
    "db-0.db.bank",
    "elsewhere.bank",
    "www.db",
    "www-0.db",
    "db.",
    "db.shop.",
    "cache-0.cache.svc",
    "more.cache-0.cache",
    "more.cache-0.cache.shop",
    "db.example.com",
    "svc",
    "db.svc",
  ])("%s is none", (host) => {
    expect(found(database(host))).toStrictEqual([]);
  });
});

test("each server of a ring counts, and a connection string's host is not known", () => {
  const ring: DependencyConfig = {
    name: "sessions",
    type: "memcached",
    impact: "Observe",
    memcached: {
      servers: ["elsewhere", "cache"].map((host) => ({ host, port: 11_211 })),
      minAvailable: 1,
    },
  };
  const connectionString = { secretName: "db", key: "url" };
  const hidden: DependencyConfig = {
    ...database("db"),
    postgresql: { connectionString, query: "SELECT 1" },
  };
  const later: DependencyConfig = { name: "queue", type: "kafka2", impact: "Gate" };
  expect(found(ring, hidden, later)).toStrictEqual(["sessions cache"]);
});

test("a pod is behind a Service when it has all of its labels", () => {
  const services = ownServices({ namespace: "shop", dependencies: [database("db")] }, find);
  const through = (labels: Record<string, string>) => circleThrough(services, labels)?.dependency;
  expect(through({ app: "db", role: "primary", more: "yes" })).toBe("orders-db");
  expect(through({ app: "db" })).toBeUndefined();
  expect(through({ app: "db", role: "replica" })).toBeUndefined();
  expect(through({})).toBeUndefined();
});
