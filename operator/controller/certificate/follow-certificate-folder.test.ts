import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CertificateRecord } from "../caches.ts";
import type { Change, Watch } from "../kube/watch.ts";
import { followCertificateFolder } from "./follow-certificate-folder.ts";

const KEY = "system/certificate";
const NAMES = ["ca.crt", "tls.crt", "tls.key"];

let folder: string;
let deliveries: number;
let changes: Change<CertificateRecord>[];
let problems: unknown[];
let watch: Watch<CertificateRecord>;

/** Delivers as the kubelet does: a new folder, and a symlink to it that replaces `..data` in one step. */
async function deliver(content: string, names = NAMES): Promise<void> {
  deliveries += 1;
  const current = `..${deliveries}`;
  await mkdir(join(folder, current));
  for (const name of names) {
    await writeFile(join(folder, current, name), `${name} ${content}`);
    await symlink(join("..data", name), join(folder, name)).catch(() => undefined);
  }
  await symlink(current, join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
}

function follow(pollMilliseconds = 60_000): void {
  watch = followCertificateFolder({
    folder,
    key: KEY,
    onChange: (change) => changes.push(change),
    log: { error: (problem: unknown) => problems.push(problem) } as never,
    pollMilliseconds,
  });
}

const seen = () => changes.map(({ now }) => now?.data["tls.crt"]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "certificate-"));
  deliveries = 0;
  changes = [];
  problems = [];
});

afterEach(async () => {
  await watch.stop();
  await rm(folder, { recursive: true });
});

test("what is mounted is known when it returns, under the Secret's key", async () => {
  await deliver("one");
  follow();
  expect(watch.synced()).toBe(true);
  const { data } = watch.get(KEY) as CertificateRecord;
  expect(data).toStrictEqual({
    "ca.crt": "ca.crt one",
    "tls.crt": "tls.crt one",
    "tls.key": "tls.key one",
  });
  expect([...watch.values()]).toHaveLength(1);
  expect(watch.get("system/other")).toBeUndefined();
  expect(changes).toStrictEqual([{ key: KEY, now: { resourceVersion: "", data } }]);
});

test("a change is told once, by itself, with what was before", async () => {
  await deliver("one");
  follow(10);
  await deliver("two");
  for (let look = 0; look < 400 && changes.length < 2; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen()).toStrictEqual(["tls.crt one", "tls.crt two"]);
  expect(changes[1]?.old?.data["tls.crt"]).toBe("tls.crt one");
});

test("nothing there, or one file of three: told by its path once, and the last content stays", async () => {
  follow();
  await watch.refresh();
  expect([...watch.values()]).toStrictEqual([]);
  expect(problems).toStrictEqual([{ problem: `ENOENT ${join(folder, "ca.crt")}` }]);

  await deliver("one");
  await watch.refresh();
  await deliver("two", ["ca.crt", "tls.crt"]);
  await watch.refresh();
  await watch.refresh();
  expect(seen()).toStrictEqual(["tls.crt one"]);
  expect(problems).toHaveLength(2);
  expect(JSON.stringify(problems)).not.toContain("two");

  await deliver("three");
  await watch.refresh();
  expect(seen()).toStrictEqual(["tls.crt one", "tls.crt three"]);
});

test("how long ago it was read grows while it cannot be", async () => {
  await deliver("one");
  follow();
  await rm(join(folder, "..data"));
  await new Promise((resolve) => setTimeout(resolve, 60));
  await watch.refresh();
  expect(watch.secondsSinceLastEvent()).toBeGreaterThanOrEqual(0.05);
  await deliver("one");
  await watch.refresh();
  expect(watch.secondsSinceLastEvent()).toBeLessThan(0.05);
});

test("a folder without the kubelet's symlinks is read as it is", async () => {
  for (const name of NAMES) await writeFile(join(folder, name), name);
  follow();
  expect(seen()).toStrictEqual(["tls.crt"]);
});
