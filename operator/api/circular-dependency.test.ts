import { describe, expect, test } from "@jest/globals";
import { circleFinder, type FindService, ownServices } from "./circular-dependency.ts";
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
  const through = (labels: Record<string, string>) => circleFinder(services)(labels)[0]?.dependency;
  expect(through({ app: "db", role: "primary", more: "yes" })).toBe("orders-db");
  expect(through({ app: "db" })).toBeUndefined();
  expect(through({ app: "db", role: "replica" })).toBeUndefined();
  expect(through({})).toBeUndefined();
});

test("of several that it is behind all are found, in the order of the dependencies", () => {
  const dependencies = [database("elsewhere"), { ...database("shop"), name: "first" }];
  const services = ownServices(
    { namespace: "shop", dependencies: [...dependencies, database("db"), database("cache")] },
    find,
  );
  const circles = circleFinder(services)({ app: "web", role: "primary" });
  expect(circles.map(({ dependency }) => dependency)).toStrictEqual(["first"]);
  const both = circleFinder([...services, ...services.toReversed()])({ app: "web" });
  expect(both).toHaveLength(2);
});

test("a Service is read once, however often it is named and however many pods are asked about", () => {
  let reads = 0;
  const selector = new Proxy<Record<string, string>>(
    { app: "cache" },
    {
      ownKeys: (target) => {
        reads += 1;
        return Reflect.ownKeys(target);
      },
    },
  );
  const service = { namespace: "shop", name: "cache", selector, headless: true };
  const servers = Array.from({ length: 16 }, (_, index) => ({ host: "cache", port: 1 + index }));
  const dependencies = Array.from({ length: 12 }, (_, index): DependencyConfig => {
    const memcached = { servers, minAvailable: 1 };
    return { name: `ring-${index}`, type: "memcached", impact: "Gate", memcached };
  });
  const services = ownServices({ namespace: "shop", dependencies }, () => service);
  expect(services.map(({ dependency }) => dependency)).toStrictEqual(
    dependencies.map(({ name }) => name),
  );
  const circlesOf = circleFinder(services);
  const readBefore = reads;
  for (let pod = 0; pod < 100; pod++) circlesOf({ app: pod % 2 ? "cache" : "web" });
  expect(reads).toBe(readBefore);
  expect(readBefore).toBeLessThanOrEqual(2 * dependencies.length);
});
