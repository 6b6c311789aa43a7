/** In which order name servers are asked, again or not at all, and whom of them is believed. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "@jest/globals";
import { leavingNothing } from "../testing/contract.ts";
import { askBothFamilies } from "./ask-both-families.ts";
import { type Answer, askNameServers } from "./ask-name-servers.ts";
import type { NameServer } from "./send-query.ts";
import { ABSENT, FAILED, LATER_ABSENT, NONE } from "./testing/answers.ts";
import { type FakeAnswer, type FakeDns, startFakeDns } from "./testing/fake-dns.ts";
import { record, startFakeDnsOverTcp } from "./testing/fake-dns-over-tcp.ts";
import { timersLeftBy } from "./testing/timers-left-by.ts";
import { startWaits } from "./waits.ts";

/** How long name servers may be silent. */
const SILENCE = 200;

const asking = (servers: NameServer[]) =>
  askNameServers({
    servers,
    tcpOnly: false,
    signal: AbortSignal.timeout(5_000),
    waits: startWaits(SILENCE),
  });

test("ids of queries do not follow from each other", async () => {
  const ids = new Set<number>();
  const socket = createSocket("udp4");
  // As an answer it has the code of a failure, so that nothing is asked twice.
  socket.on("message", (query, peer) => {
    ids.add(query.readUInt16BE(0));
    query.writeUInt16BE(0x81_82, 2);
    socket.send(query, peer.port, peer.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const servers = [{ address: "127.0.0.1", port: socket.address().port }];
  const ask = asking(servers);
  const names = Array.from({ length: 20 }, (_, index) => `n${index}.test`);
  for (const name of names) expect(await ask(name, "A")).toStrictEqual(FAILED);
  // Of 20 random ids two are the same once in 340 runs, three or more pairs next to never.
  expect(ids.size).toBeGreaterThan(17);
  // Nor does one follow from another by counting.
  const sorted = [...ids].sort((one, other) => one - other);
  expect((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)).toBeGreaterThan(1_000);
  socket.close();
});

describe("several name servers", () => {
  const started: FakeDns[] = [];
  afterEach(() => Promise.all(started.splice(0).map((dns) => dns.close())));

  /** Starts one for each answer. */
  async function startAll(answers: FakeAnswer[]): Promise<NameServer[]> {
    for (const answer of answers) {
      started.push(
        await startFakeDns(
          () => answer,
          () => 60,
        ),
      );
    }
    return started.map(({ server }) => server);
  }

  /** Starts one for each answer, and asks them all; gives the answer, and how often each was asked. */
  async function askAll(...answers: FakeAnswer[]): Promise<[Answer, number[]]> {
    const answer = await askThese(await startAll(answers));
    return [answer, started.map(({ questions }) => questions.length)];
  }

  const askThese = (servers: NameServer[]) => asking(servers)("db.test", "A");
  const found: Answer = { ...NONE, addresses: ["10.0.0.1"], ttlSeconds: 60 };
  const foundLater: Answer = { ...found, outOfTurn: true };

  test.each<[string, FakeAnswer[], Answer, number[]]>([
    ["the first one knows", [["10.0.0.1"], ["10.0.0.2"]], found, [1, 0]],
    ["the first one says that there is none", [[], ["10.0.0.1"]], ABSENT, [1, 0]],
    ["the first one fails", ["SERVFAIL", ["10.0.0.1"]], foundLater, [1, 1]],
    [
      "the first one refuses, the second has no address",
      ["REFUSED", "NODATA"],
      { ...NONE, outOfTurn: true },
      [1, 1],
    ],
    ["all fail: none is asked again", ["SERVFAIL", "REFUSED"], FAILED, [1, 1]],
    ["the first one is silent", ["silence", ["10.0.0.1"]], foundLater, [1, 1]],
    [
      "the first one is silent, the second has no such name",
      ["silence", [], []],
      LATER_ABSENT,
      [1, 1, 0],
    ],
    ["only those that are silent are asked again", ["silence", "SERVFAIL"], FAILED, [4, 1]],
  ])("%s", async (_, answers, answer, asked) => {
    expect(await askAll(...answers)).toStrictEqual([answer, asked]);
  });

  test("one that was silent is asked last about the other names of the search list", async () => {
    started.push(
      await startFakeDns((name) => (name === "last.test" ? ["10.0.0.1"] : "silence")),
      await startFakeDns((name) => (name === "last.test" ? "SERVFAIL" : [])),
      await startFakeDns(() => "SERVFAIL"),
    );
    const servers = started.map(({ server }) => server);
    const ask = asking(servers);
    for (const name of ["db.a.test", "db.b.test", "db.test"]) {
      expect(await ask(name, "A")).toStrictEqual(LATER_ABSENT);
    }
    expect(started.map(({ questions }) => questions.length)).toStrictEqual([1, 3, 0]);
    expect(await ask("last.test", "A")).toMatchObject({ addresses: ["10.0.0.1"] });
  });

  test("one that is silent for IPv6 alone is asked first about the other names of the search list", async () => {
    const noSix = (_: string, type: string) => (type === "AAAA" ? "silence" : []);
    started.push(await startFakeDns(noSix), await startFakeDns(() => "silence"));
    const ask = asking(started.map(({ server }) => server));
    void ask("db.a.test", "AAAA");
    expect(await ask("db.a.test", "A")).toStrictEqual(ABSENT);
    await sleep(1.5 * SILENCE);
    const begun = performance.now();
    expect(await ask("db.test", "A")).toStrictEqual(ABSENT);
    expect(performance.now() - begun).toBeLessThan(SILENCE);
  });

  test("one that nobody runs is not waited for", async () => {
    const closed = await startFakeDns(() => []);
    await closed.close();
    started.push(await startFakeDns(() => ["10.0.0.1"]));
    const servers = [closed.server, ...started.map(({ server }) => server)];
    const begun = performance.now();
    expect(await askThese(servers)).toMatchObject({ addresses: ["10.0.0.1"] });
    expect(performance.now() - begun).toBeLessThan(SILENCE);
  });

  test.each<[string, FakeAnswer[], number[]]>([
    ["while others are asked", ["silence"], [1, 1]],
    ["although the next one has no such name", [[]], [1, 1]],
    ["although the next one has none of this family", ["NODATA"], [1, 1]],
    ["although the last one has no such name", ["REFUSED", "NODATA"], [1, 1, 1]],
    ["after it was asked again", [], [2]],
  ])("one that is slow is listened to %s, and nobody waits for more", async (_, others, asked) => {
    // Unreferenced, for the second answer of a fake is nothing that we leave behind.
    const slow = () => sleep<FakeAnswer>(1.25 * SILENCE, ["10.0.0.1"], { ref: false });
    started.push(await startFakeDns(slow));
    for (const answer of others) started.push(await startFakeDns(() => answer));
    const begun = performance.now();
    const answer = await leavingNothing(() => askThese(started.map(({ server }) => server)));
    expect(answer).toMatchObject({ addresses: ["10.0.0.1"] });
    expect(performance.now() - begun).toBeLessThan(2.3 * SILENCE);
    expect(started.map(({ questions }) => questions.length)).toStrictEqual(asked);
  });

  test("one that has no such name is believed as soon as the silent one before it says no more", async () => {
    const fails = () => sleep<FakeAnswer>(1.2 * SILENCE, "SERVFAIL");
    started.push(await startFakeDns(fails), await startFakeDns(() => []));
    const begun = performance.now();
    expect(await askThese(started.map(({ server }) => server))).toStrictEqual(LATER_ABSENT);
    expect(performance.now() - begun).toBeLessThan(1.8 * SILENCE);
  });

  test.each(["A", "AAAA"])(
    "that the next one has addresses of one family alone is believed, %s later",
    async (later) => {
      const next = async (_: string, type: string): Promise<FakeAnswer> => {
        if (type === later) await sleep(SILENCE / 10);
        return ["10.0.0.1"];
      };
      started.push(await startFakeDns(() => "silence"), await startFakeDns(next));
      const ask = asking(started.map(({ server }) => server));
      const begun = performance.now();
      const followed = { name: "db.test", isLast: false };
      expect(await askBothFamilies(ask, followed, startWaits(SILENCE))).toMatchObject({
        addresses: ["10.0.0.1"],
      });
      expect(performance.now() - begun).toBeLessThan(1.8 * SILENCE);
    },
  );

  test.each<[string, "A" | "AAAA", string]>([
    ["what another one has in the other family", "AAAA", "db.test"],
    ["what it has of another name", "A", "other.test"],
  ])("one that has no address is believed no sooner for %s", async (_, type, other) => {
    const slow = async (name: string, asked: string): Promise<FakeAnswer> => {
      await sleep((name === "db.test" && asked === "A" ? 1.3 : 1.1) * SILENCE);
      return ["10.0.0.1", "2001:db8::1"];
    };
    const next = (name: string): FakeAnswer => (name === "db.test" ? [] : ["10.0.0.2"]);
    started.push(await startFakeDns(slow), await startFakeDns(next));
    const ask = asking(started.map(({ server }) => server));
    const [four] = await Promise.all([ask("db.test", "A"), ask(other, type)]);
    expect(four).toMatchObject({ addresses: ["10.0.0.1"] });
  });

  test.each<[string, FakeAnswer[]]>([
    ["the first one knows", [["10.0.0.1"]]],
    ["the first one fails", ["SERVFAIL", []]],
    ["the first one is silent", ["silence", ["10.0.0.1"]]],
  ])("no timer outlives an answer: %s", async (_, answers) => {
    // Before, for the limit of this test is a timer as well.
    const ask = asking(await startAll(answers));
    expect(await timersLeftBy(() => ask("db.test", "A"))).toBe(0);
  });

  test("one whose answer holds no address as far as it is read is not believed that there is none", async () => {
    const alias = record(5, Buffer.from([1, 97, 0]));
    const dns = await startFakeDnsOverTcp(Array.from({ length: 4_000 }, () => alias));
    expect(await askThese([dns.server])).toStrictEqual(FAILED);
    await dns.close();
  });

  test("a name that DNS cannot carry is not asked for", async () => {
    started.push(await startFakeDns(() => ["10.0.0.1"]));
    const servers = started.map(({ server }) => server);
    const ask = asking(servers);
    expect(await ask(`${"a".repeat(64)}.test`, "A")).toStrictEqual(NONE);
    expect(started[0]?.questions).toStrictEqual([]);
  });
});
