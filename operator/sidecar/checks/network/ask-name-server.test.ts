/** What name servers cannot be made to answer at will: times to live that differ, and one family late. */
import type { RecordWithTtl } from "node:dns";
import type { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { type Answer, askBothFamilies, MAX_ADDRESSES } from "./ask-name-server.ts";

type Question = () => Promise<RecordWithTtl[]>;

const FOUR: RecordWithTtl[] = [
  { address: "10.0.0.1", ttl: 60 },
  { address: "10.0.0.2", ttl: 5 },
];
const SIX: RecordWithTtl[] = [{ address: "2001:db8::1", ttl: 30 }];
const NONE: Answer = { addresses: [], ttlSeconds: Infinity, failed: false, cut: false };

const found =
  (records: RecordWithTtl[]): Question =>
  async () =>
    records;
const failing =
  (code: string): Question =>
  () =>
    Promise.reject(Object.assign(new Error(code), { code }));
/** Longer than the other family is waited for. */
const late =
  (records: RecordWithTtl[]): Question =>
  () =>
    sleep(200, records);
const addressesOf = (records: RecordWithTtl[]) => records.map(({ address }) => address);

test.each<[string, Question, Question, Answer]>([
  [
    "both families: all addresses, and the shortest time to live",
    found(FOUR),
    found(SIX),
    { addresses: addressesOf([...FOUR, ...SIX]), ttlSeconds: 5, failed: false, cut: false },
  ],
  ["no such name", failing("ENOTFOUND"), failing("ENODATA"), NONE],
  [
    "no such name in one, a failure in the other",
    failing("ENOTFOUND"),
    failing("ESERVFAIL"),
    { ...NONE, failed: true },
  ],
  [
    "none in one, and the other late",
    failing("ENODATA"),
    late(SIX),
    { addresses: addressesOf(SIX), ttlSeconds: 30, failed: false, cut: false },
  ],
  [
    "the other late where one has some",
    found(FOUR),
    late(SIX),
    { addresses: addressesOf(FOUR), ttlSeconds: 5, failed: false, cut: false },
  ],
])("%s", async (_, four, six, answer) => {
  const resolver = { resolve4: four, resolve6: six } as unknown as Resolver;
  expect(await askBothFamilies(resolver, "db.test")).toStrictEqual(answer);
});

/** Records that count how many of them were looked at. */
function countedRecords(count: number) {
  const handled = new Set<number>();
  const records = Array.from({ length: count }, (_, index) => ({
    get address() {
      handled.add(index);
      return `10.0.${index >> 8}.${index & 255}`;
    },
    ttl: 60,
  }));
  return { records, handled };
}

test("of as many records as an answer carries, no more are handled than are used; 16 names at once", async () => {
  const names = Array.from({ length: 16 }, () => countedRecords(4_090));
  for (const { records, handled } of names) {
    const resolver = { resolve4: found(records), resolve6: found([]) } as unknown as Resolver;
    const answer = await askBothFamilies(resolver, "hostile.test");
    expect(answer).toMatchObject({ ttlSeconds: 60, cut: true });
    expect(answer.addresses).toHaveLength(MAX_ADDRESSES);
    expect(handled.size).toBe(MAX_ADDRESSES);
  }
});

test("as many addresses as are used are not cut", async () => {
  const { records } = countedRecords(MAX_ADDRESSES);
  const resolver = { resolve4: found(records), resolve6: found([]) } as unknown as Resolver;
  const answer = await askBothFamilies(resolver, "db.test");
  expect(answer.addresses).toHaveLength(MAX_ADDRESSES);
  expect(answer.cut).toBe(false);
});
