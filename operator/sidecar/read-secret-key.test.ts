import { mkdir, mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CheckContext } from "./checks/check.ts";
import { createSecretReader } from "./read-secret-key.ts";

let directory: string;
let lines: string[];
let read: CheckContext["readSecretKey"];
const URL_KEY = { secretName: "orders-db", key: "url" };

const put = (content: string | Uint8Array) =>
  writeFile(join(directory, "secrets/orders-db/url"), content);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "secrets-"));
  await mkdir(join(directory, "secrets/orders-db"), { recursive: true });
  await writeFile(join(directory, "policy.json"), "not a secret");
  lines = [];
  read = createSecretReader({
    directory,
    mountedKeys: new Set(["orders-db/url"]),
    log: (_, message) => lines.push(message),
  });
});
afterEach(() => rm(directory, { recursive: true }));

test.each<[string, string]>([
  ["postgresql://a:b@db/x", "postgresql://a:b@db/x"],
  ["password\n", "password"],
  ["password\r\n", "password"],
  ["password\n\n", "password\n"],
  [" pass word ", " pass word "],
  ["", ""],
  ["\u{feff}bom", "\u{feff}bom"],
  ["ü".repeat(32_768), "ü".repeat(32_768)],
])("text %# is given as it is but for one line feed at its end", async (content, want) => {
  await put(content);
  expect(await read(URL_KEY)).toBe(want);
});

test.each(["password\n", "password\r\n", "password\n\n", "password"])(
  "text %j is given whole to whoever asks for its line break",
  async (content) => {
    await put(content);
    expect(await read(URL_KEY, { keepsLineBreak: true })).toBe(content);
  },
);

test("new content counts at once", async () => {
  await put("old");
  expect(await read(URL_KEY)).toBe("old");
  await put("new");
  expect(await read(URL_KEY)).toBe("new");
});

test.each<[string, string | Uint8Array, string]>([
  ["not UTF-8", new Uint8Array([0x70, 0xff, 0xfe]), "is not text in UTF-8"],
  ["with NUL", "pass\0word", "holds a NUL, which no text has"],
  ["over 64 KiB", "x".repeat(65_537), "cannot be read, or is longer than 64 KiB"],
])("a value %s is Misconfigured, and says which", async (_, content, what) => {
  await put(content);
  await expect(read(URL_KEY)).rejects.toMatchObject({
    reason: "Misconfigured",
    problem: `the value of key "url" in Secret orders-db ${what}`,
  });
});

test("a reader that takes more gets as much, and is told its own bound", async () => {
  await put("x".repeat(131_072));
  expect(await read(URL_KEY, { maximumBytes: 131_072 })).toHaveLength(131_072);
  await put("x".repeat(131_073));
  await expect(read(URL_KEY, { maximumBytes: 131_072 })).rejects.toMatchObject({
    problem: `the value of key "url" in Secret orders-db cannot be read, or is longer than 128 KiB`,
  });
});

test("a key that is mounted and absent is CredentialsMissing, logged once per transition", async () => {
  for (let check = 0; check < 3; check += 1) {
    await expect(read(URL_KEY)).rejects.toMatchObject({ reason: "CredentialsMissing" });
  }
  expect(lines).toStrictEqual(['there is no Secret orders-db with a key "url"']);

  await put("here");
  await read(URL_KEY);
  await unlink(join(directory, "secrets/orders-db/url"));
  await expect(read(URL_KEY)).rejects.toMatchObject({ reason: "CredentialsMissing" });
  expect(lines).toHaveLength(2);
});

test("a key that this pod does not mount needs a new pod", async () => {
  const reference = { secretName: "other-db", key: "url" };
  await expect(read(reference)).rejects.toMatchObject({ reason: "NeedsRestart" });
  expect(lines).toStrictEqual([
    'this pod does not mount key "url" of Secret other-db; a new pod will',
  ]);
});

test("what was said of keys of long ago is forgotten, and what was said later is not", async () => {
  const miss = (index: number) => read({ secretName: `db-${index}`, key: "url" }).catch(() => {});
  for (let index = 0; index < 65; index += 1) await miss(index);
  await miss(0);
  expect(lines).toHaveLength(66);
  await miss(2);
  expect(lines).toHaveLength(66);
});

test.each([
  { secretName: "..", key: "policy.json" },
  { secretName: "orders_db", key: "url" },
  { secretName: "orders-db", key: "." },
  { secretName: "orders-db", key: ".." },
  { secretName: "orders-db", key: "../../policy.json" },
])("%j, which no Secret can have, is Misconfigured and not called missing", async (reference) => {
  await expect(read(reference)).rejects.toMatchObject({ reason: "Misconfigured" });
  expect(lines).toStrictEqual([]);
});

test("a folder in place of the key is Misconfigured", async () => {
  await mkdir(join(directory, "secrets/orders-db/url"));
  await expect(read(URL_KEY)).rejects.toMatchObject({ reason: "Misconfigured" });
});
