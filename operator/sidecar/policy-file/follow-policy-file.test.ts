import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { POLICY_FILE_FORMAT, type WrittenPolicyFile } from "../../api/policy-file.ts";
import { followPolicyFile, type PolicyFileFollower } from "./follow-policy-file.ts";

const POLL = 10;
/** Many polls: what has not been noticed by then will not be. */
const SETTLED = 150;
/** How long deliveries that follow each other are looked at; without the second try about ten looked like removals. */
const DELIVERED = 1_000;
/** Makes one delivery after the other, as `deliver`, on a thread of its own. */
const DELIVERIES = `
  const { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
  const { parentPort, workerData } = require("node:worker_threads");
  const path = (name) => workerData.directory + "/" + name;
  for (let count = 2; ; count += 1) {
    mkdirSync(path(".." + count));
    writeFileSync(path(".." + count + "/policy.json"), workerData.content);
    symlinkSync(".." + count, path("..data_tmp"));
    renameSync(path("..data_tmp"), path("..data"));
    rmSync(path(".." + (count - 1)), { recursive: true });
    if (count === 2) parentPort.postMessage("began");
  }`;
/** Longest wait for something that must be noticed, on a busy machine. */
const WITHIN = 4_000;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let directory: string;
let seen: (number | undefined)[];
let lines: string[];
let follower: PolicyFileFollower;
let delivery: number;

const policy = (generation: number): string =>
  JSON.stringify({
    formatVersion: POLICY_FILE_FORMAT,
    policy: "web",
    generation,
    mode: "Enforce",
    timing: {
      connectTimeoutMilliseconds: 1,
      checkTimeoutMilliseconds: 2,
      intervalMilliseconds: 3,
      failureThreshold: 1,
      successThreshold: 1,
    },
    dependencies: [],
  } satisfies WrittenPolicyFile);

/**
 * Delivers files as the kubelet does: a new folder, a symlink to it that replaces `..data` in one
 * step, and per file a symlink through `..data`, which is removed when the file is gone.
 */
async function deliver(files: Record<string, string>): Promise<void> {
  delivery += 1;
  const folder = `..${delivery}`;
  await mkdir(join(directory, folder));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, folder, name), content);
  }
  await symlink(folder, join(directory, "..data_tmp"));
  await rename(join(directory, "..data_tmp"), join(directory, "..data"));
  const link = join(directory, "policy.json");
  if ("policy.json" in files) await symlink("..data/policy.json", link).catch(() => {});
  else await unlink(link).catch(() => {});
  await rm(join(directory, `..${delivery - 1}`), { recursive: true, force: true });
}

/** Waits until the last thing seen is `want`. */
async function sees(want: number | undefined): Promise<void> {
  const until = performance.now() + WITHIN;
  while (seen.at(-1) !== want && performance.now() < until) await pause(POLL);
  expect(seen.at(-1)).toBe(want);
}

/** Waits until `count` lines are logged. */
async function logs(count: number): Promise<void> {
  const until = performance.now() + WITHIN;
  while (lines.length < count && performance.now() < until) await pause(POLL);
  expect(lines).toHaveLength(count);
}

async function follow(): Promise<void> {
  follower = followPolicyFile({
    directory,
    onChange: (config) => seen.push(config?.generation),
    onUnsupported: (formatVersion) => seen.push(-formatVersion),
    log: (_, message, fields) => lines.push(`${message}: ${fields?.problem}`),
    pollMilliseconds: POLL,
  });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "config-"));
  seen = [];
  lines = [];
  delivery = 0;
});
afterEach(async () => {
  follower.stop();
  await rm(directory, { recursive: true });
});

test("the policy that is there is known when it returns", async () => {
  await deliver({ "policy.json": policy(1) });
  await follow();
  expect(seen).toStrictEqual([1]);
});

test("arrival, edits, removal and return, as the kubelet delivers them", async () => {
  await follow();
  expect(seen).toStrictEqual([undefined]);
  const steps: [Record<string, string>, number | undefined][] = [
    [{ "policy.json": policy(1) }, 1],
    [{ "policy.json": policy(2) }, 2],
    [{ other: "x" }, undefined],
    [{ "policy.json": policy(2) }, 2],
  ];
  for (const [files, want] of steps) {
    await deliver(files);
    await sees(want);
  }
  expect(seen).toStrictEqual([undefined, 1, 2, undefined, 2]);
  expect(lines).toStrictEqual([]);
});

test("a look in the midst of a delivery finds no removal", async () => {
  await deliver({ "policy.json": policy(1) });
  await follow();
  const deliveries = new Worker(DELIVERIES, {
    eval: true,
    workerData: { directory, content: policy(1) },
  });
  const ended = once(deliveries, "exit");
  await once(deliveries, "message");
  const until = performance.now() + DELIVERED;
  while (performance.now() < until) follower.look();
  await deliveries.terminate();
  await ended;
  expect(seen).toStrictEqual([1]);
});

test("a delivery that changes only a Secret is no change of the policy", async () => {
  await deliver({ "policy.json": policy(1), secret: "a" });
  await follow();
  await deliver({ "policy.json": policy(1), secret: "b" });
  await pause(SETTLED);
  expect(seen).toStrictEqual([1]);
});

test("a file that cannot be understood leaves the last good policy and costs one line", async () => {
  await deliver({ "policy.json": policy(1) });
  await follow();
  await deliver({ "policy.json": '{"policy": "web"' });
  await logs(1);
  await pause(SETTLED);
  expect(seen).toStrictEqual([1]);
  expect(lines).toStrictEqual(["policy file ignored: not JSON"]);

  await deliver({ "policy.json": policy(1) });
  await deliver({ "policy.json": policy(2) });
  await sees(2);
  await deliver({ "policy.json": "[]" });
  await logs(2);
});

describe("a file of a format that only a later sidecar reads", () => {
  const later = JSON.stringify({ formatVersion: 7, policy: { name: "web" } });
  const line =
    "policy file ignored: formatVersion 7 is later than 1, the latest that this sidecar reads";

  test("is told and logged once, and the policy before stays in force", async () => {
    await deliver({ "policy.json": policy(1) });
    await follow();
    await deliver({ "policy.json": later });
    await sees(-7);
    await deliver({ "policy.json": later, secret: "new" });
    await pause(SETTLED);
    expect(seen).toStrictEqual([1, -7]);
    expect(lines).toStrictEqual([line]);
  });

  test("gives way to the policy before when that comes back, and to its own removal", async () => {
    await deliver({ "policy.json": policy(1) });
    await follow();
    const steps: [Record<string, string>, number | undefined][] = [
      [{ "policy.json": later }, -7],
      [{ "policy.json": policy(1) }, 1],
      [{ "policy.json": later }, -7],
      [{ other: "x" }, undefined],
    ];
    for (const [files, want] of steps) {
      await deliver(files);
      await sees(want);
    }
    expect(seen).toStrictEqual([1, -7, 1, -7, undefined]);
  });
});

test("an oversized file is not read", async () => {
  await deliver({ "policy.json": `${policy(1)}${" ".repeat(300_000)}` });
  await follow();
  await pause(SETTLED);
  expect(seen).toStrictEqual([]);
  expect(lines).toStrictEqual(["policy file ignored: TooLong"]);
});

test("a folder in place of the file costs one line", async () => {
  await mkdir(join(directory, "policy.json"));
  await follow();
  await pause(SETTLED);
  expect(lines).toStrictEqual(["policy file ignored: EISDIR"]);
});

test("looks on request, and says after each look that there was one", async () => {
  await deliver({ "policy.json": policy(1) });
  const events: (number | string | undefined)[] = [];
  follower = followPolicyFile({
    directory,
    onChange: (config) => events.push(config?.generation),
    onUnsupported: () => {},
    onLook: () => events.push("look"),
    log: () => {},
  });
  expect(events).toStrictEqual([1, "look"]);
  follower.look();
  await deliver({ "policy.json": policy(2) });
  follower.look();
  expect(events).toStrictEqual([1, "look", "look", 2, "look"]);
  follower.stop();
  await deliver({ "policy.json": policy(3) });
  follower.look();
  expect(events).toHaveLength(5);
});

test("nothing is reported after it was ended", async () => {
  await follow();
  follower.stop();
  await deliver({ "policy.json": policy(1) });
  await pause(SETTLED);
  expect(seen).toStrictEqual([undefined]);
});
