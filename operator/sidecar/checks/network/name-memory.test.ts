import { beforeEach, describe, expect, test } from "@jest/globals";
import { createNameMemory, type Found, type NameMemory } from "./name-memory.ts";

const found = (address: string): Found => ({
  addresses: [address],
  ttlSeconds: 10,
  answeredName: `${address}.test`,
  cut: false,
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

describe("an answer that was cut", () => {
  let seconds: number;
  let memory: NameMemory;
  const remember = (cut: boolean) => {
    const answer = { ...found("db"), cut };
    memory.remember("db", answer);
    return { forget: () => memory.forget("db", answer.addresses) };
  };
  const isKnown = () => memory.addressesOf("db") !== undefined;
  beforeEach(() => {
    seconds = 0;
    memory = createNameMemory(() => seconds * 1_000);
  });

  test("is used for 30 s, whatever its time to live", () => {
    remember(true);
    seconds = 29.9;
    expect(isKnown()).toBe(true);
    seconds = 30;
    expect(isKnown()).toBe(false);
  });

  test("is forgotten 5 s after the lookup, with the name that answered", () => {
    const { forget } = remember(true);
    seconds = 4.9;
    forget();
    expect(isKnown()).toBe(true);
    seconds = 5;
    forget();
    expect(isKnown()).toBe(false);
    expect(memory.answeredNameOf("db")).toBeUndefined();
  });

  test("is held twice as long each time that it is no better, up to 30 s, and 5 s once it was good", () => {
    for (const held of [5, 10, 20, 30, 30]) {
      const lookedUp = seconds;
      const { forget } = remember(true);
      seconds = lookedUp + Math.min(held, 29.9) - 0.1;
      forget();
      expect(isKnown()).toBe(true);
      seconds = lookedUp + held;
      forget();
      expect(isKnown()).toBe(false);
    }
    remember(true);
    seconds += 30;
    const { forget } = remember(true);
    seconds += 5;
    forget();
    expect(isKnown()).toBe(false);
  });

  test("takes nothing from an answer that was not: that is forgotten at once", () => {
    const first = remember(true);
    seconds = 5;
    first.forget();
    remember(false).forget();
    expect(isKnown()).toBe(false);
  });
});
