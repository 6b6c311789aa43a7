import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CertificateRecord } from "../caches.ts";
import { until } from "../kube/testing/fake-api-server.ts";
import { fillEmptySecret } from "./fill-empty-secret.ts";

const LOOK_MILLISECONDS = 5;
const EMPTY: CertificateRecord = { resourceVersion: "1", data: {} };

let record: CertificateRecord | undefined;
let looks: number;
let writes: CertificateRecord[];
let refused: boolean;
/** What a write waits for. */
let written: Promise<void>;
let warnings: string[];
let filler: { stop: () => void };

beforeEach(() => {
  record = undefined;
  looks = 0;
  writes = [];
  refused = false;
  written = Promise.resolve();
  warnings = [];
  filler = fillEmptySecret({
    certificate: () => {
      looks += 1;
      return record;
    },
    write: async (seen) => {
      writes.push(seen);
      await written;
      if (refused) throw new Error("PRIVATE KEY");
      record = { resourceVersion: "2", data: { "tls.crt": "made" } };
    },
    log: { warn: (text: string) => warnings.push(text) } as never,
    lookMilliseconds: LOOK_MILLISECONDS,
  });
});

afterEach(() => filler.stop());

const looksMore = async (times = 3) => {
  const before = looks;
  await until("it looks again", () => looks >= before + times);
};

test("an empty Secret is filled once, as it was seen", async () => {
  record = EMPTY;
  await until("it is written", () => writes.length > 0);
  await looksMore();
  expect(writes).toStrictEqual([EMPTY]);
  expect(warnings).toStrictEqual([]);
});

test.each<[string, CertificateRecord | undefined]>([
  ["one that is not there, which is the leader's to make", undefined],
  ["one that has anything in it", { resourceVersion: "1", data: { "tls.key": "" } }],
])("%s is left alone", async (_, seen) => {
  record = seen;
  await looksMore();
  expect(writes).toStrictEqual([]);
});

test("what is refused is tried again, without a word of what was sent", async () => {
  refused = true;
  record = EMPTY;
  await until("it is refused", () => writes.length > 1);
  refused = false;
  await until("it is filled", () => record !== EMPTY);
  expect(new Set(warnings)).toStrictEqual(
    new Set(["the webhook's Secret is empty and could not be filled"]),
  );
});

test("a write that takes long is the only one", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  written = promise;
  record = EMPTY;
  await until("it is written", () => writes.length > 0);
  await looksMore();
  expect(writes).toHaveLength(1);
  resolve();
});

test("nothing is looked at after the end", async () => {
  filler.stop();
  const before = looks;
  await sleep(4 * LOOK_MILLISECONDS);
  expect(looks).toBe(before);
});
