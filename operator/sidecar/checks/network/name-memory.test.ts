import { expect, test } from "@jest/globals";
import { createNameMemory, type Found } from "./name-memory.ts";

const found = (address: string): Found => ({
  addresses: [address],
  ttlSeconds: 10,
  answeredName: `${address}.test`,
});

test("holds no more hosts than a policy can name; the one looked up longest ago goes first", () => {
  const memory = createNameMemory(() => 0);
  const hosts = Array.from({ length: 300 }, (_, index) => `host-${index}`);
  for (const host of hosts) {
    memory.remember(host, found(host));
    expect(memory.addressesOf("host-0") === undefined).toBe(hosts.indexOf(host) >= 255);
    if (host !== "host-0") expect(memory.addressesOf("always")).toStrictEqual(["always"]);
    memory.remember("always", found("always"));
  }
  const held = hosts.filter((host) => memory.addressesOf(host) !== undefined);
  expect(held).toStrictEqual(hosts.slice(-255));
  expect(memory.addressesOf("always")).toStrictEqual(["always"]);
});

test("a name that answers again after all were tried is the one to ask for five minutes more", () => {
  let now = 0;
  const memory = createNameMemory(() => now);
  memory.remember("db", found("db"));
  now = 300_000;
  expect(memory.answeredNameOf("db")).toBeUndefined();
  memory.remember("db", found("db"));
  expect(memory.answeredNameOf("db")).toBe("db.test");
});

test("a host that is not known, or was forgotten", () => {
  const memory = createNameMemory(() => 0);
  expect([memory.addressesOf("db"), memory.answeredNameOf("db")]).toStrictEqual([
    undefined,
    undefined,
  ]);
  const answer = found("db");
  memory.forget("db", answer.addresses);
  memory.remember("db", answer);
  memory.forget("db", answer.addresses);
  expect([memory.addressesOf("db"), memory.answeredNameOf("db")]).toStrictEqual([
    undefined,
    undefined,
  ]);
});

test("outdated addresses are known apart, with the name that had them, and an older answer outdates nothing", () => {
  const memory = createNameMemory(() => 0);
  const older = found("db");
  const answer = found("db");
  memory.outdate("db", older.addresses);
  memory.remember("db", answer);
  memory.outdate("db", older.addresses);
  expect([memory.addressesOf("db"), memory.outdatedAddressesOf("db")]).toStrictEqual([
    ["db"],
    undefined,
  ]);
  memory.outdate("db", answer.addresses);
  expect([memory.addressesOf("db"), memory.outdatedAddressesOf("db")]).toStrictEqual([
    undefined,
    ["db"],
  ]);
  expect(memory.answeredNameOf("db")).toBe("db.test");
});

test("outdated addresses end with their time to live, with a new answer, and when they are forgotten", () => {
  let now = 0;
  const memory = createNameMemory(() => now);
  const outdated = () => {
    const answer = found("db");
    memory.remember("db", answer);
    memory.outdate("db", answer.addresses);
    return answer.addresses;
  };
  outdated();
  now = 9_999;
  expect(memory.outdatedAddressesOf("db")).toStrictEqual(["db"]);
  now = 10_000;
  expect(memory.outdatedAddressesOf("db")).toBeUndefined();
  outdated();
  memory.remember("db", found("next"));
  expect([memory.addressesOf("db"), memory.outdatedAddressesOf("db")]).toStrictEqual([
    ["next"],
    undefined,
  ]);
  memory.forget("db", outdated());
  expect(memory.outdatedAddressesOf("db")).toBeUndefined();
});
