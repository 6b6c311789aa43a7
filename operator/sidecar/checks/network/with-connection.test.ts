import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type AddressOrder, createAddressOrder } from "../address-order.ts";
import { CheckError } from "../check.ts";
import { BLACK_HOLE_START, openBlackHole } from "../testing/black-hole.ts";
import { closedPort, leavingNothing } from "../testing/contract.ts";
import { type FakeServer, startFakeServer, trackServer } from "../testing/fake-server.ts";
import { createResolve, type Resolve } from "./resolve.ts";
import type { FakeAnswer } from "./testing/fake-dns.ts";
import { type Lookups, startLookups } from "./testing/lookups.ts";
import { withConnection } from "./with-connection.ts";

const ANSWERS: Record<string, FakeAnswer> = {};
/** The first name of the search list, and the one that answers. */
const NAMES = ["db.shop.svc.test", "db.svc.test"];

let lookups: Lookups;
let old: FakeServer;
let next: FakeServer;
/** Another that refuses, on the old one's port. */
let alsoOld: FakeServer;
/** Beside the old one, on the same host. */
let healthy: FakeServer;
let resolve: Resolve;
beforeAll(async () => {
  lookups = await startLookups(
    (name) => ANSWERS[name] ?? [],
    () => 30,
  );
  old = await startFakeServer((socket) => socket.write("no"));
  const elsewhere = { host: "127.0.0.2", port: old.port };
  const third = { host: "127.0.0.3", port: old.port };
  alsoOld = await trackServer(createServer(), (socket) => socket.write("no"), third);
  healthy = await startFakeServer((socket) => socket.write("ok"));
  next = await trackServer(createServer(), (socket) => socket.write("ok"), elsewhere);
});
afterAll(() =>
  Promise.all([lookups, old, next, alsoOld, healthy].map((server) => server?.close())),
);
beforeEach(() => {
  resolve = createResolve(lookups.sources);
  ANSWERS["db.svc.test"] = ["127.0.0.1"];
});

/** What the server says, in a conversation that fails where that is "no". */
function ask(
  { port }: { port: number } = old,
  connectTimeoutMilliseconds = 2_000,
): Promise<string> {
  const context = { signal: AbortSignal.timeout(3_000), connectTimeoutMilliseconds, resolve };
  return withConnection({ host: "db", port }, context, async (socket: Socket) => {
    const [said] = await once(socket, "data");
    if (String(said) === "no") throw new CheckError("ServerStarting");
    return String(said);
  });
}

test("after a server that answers and refuses, the next conversation is with whom the name leads to by then", async () => {
  await leavingNothing(async () => {
    await expect(ask()).rejects.toThrow("ServerStarting");
    ANSWERS["db.svc.test"] = ["127.0.0.2"];
    lookups.dns.questions.length = 0;
    expect(await ask()).toBe("ok");
  });
  // The name that answered is asked alone: a refused login must not cost the whole search list at every check.
  expect(lookups.dns.questions.sort()).toStrictEqual(["A db.svc.test", "AAAA db.svc.test"]);
});

describe("of two servers behind a name, one that starts, whose address comes first", () => {
  beforeEach(() => {
    ANSWERS["db.svc.test"] = ["127.0.0.1", "127.0.0.2"];
  });

  /** What so many checks of one dependency come to, one after the other. */
  async function outcomes(addressOrder: AddressOrder, checks: number): Promise<string[]> {
    const all: string[] = [];
    while (all.length < checks) all.push(await outcome(addressOrder));
    return all;
  }

  /** What a check of one dependency comes to; one that may not log in fails at the other server, too. */
  async function outcome(addressOrder: AddressOrder, mayLogIn = true): Promise<string> {
    const signal = AbortSignal.timeout(3_000);
    const context = { signal, connectTimeoutMilliseconds: 2_000, resolve, addressOrder };
    const converse = async (socket: Socket) => {
      const [said] = await once(socket, "data");
      if (String(said) === "no") throw new CheckError("ServerStarting");
      if (!mayLogIn) throw new CheckError("AuthenticationFailed");
      return "ok";
    };
    return withConnection({ host: "db", port: old.port }, context, converse).catch(
      ({ message }: Error) => message,
    );
  }

  test("fails one check, and the next ones ask the other", async () => {
    const all = await outcomes(createAddressOrder(), 4);
    expect(all).toStrictEqual(["ServerStarting", "ok", "ok", "ok"]);
  });

  test("fails one check more where a third starts, too, and comes before the one that is well", async () => {
    ANSWERS["db.svc.test"] = ["127.0.0.1", "127.0.0.3", "127.0.0.2"];
    const all = await outcomes(createAddressOrder(), 5);
    expect(all).toStrictEqual(["ServerStarting", "ServerStarting", "ok", "ok", "ok"]);
  });

  test("fails none where the other has been well, though its address comes last from then on", async () => {
    const own = createAddressOrder();
    ANSWERS["db.svc.test"] = ["127.0.0.2"];
    expect(await outcome(own)).toBe("ok");
    resolve = createResolve(lookups.sources);
    ANSWERS["db.svc.test"] = ["127.0.0.1", "127.0.0.2"];
    expect(await outcomes(own, 2)).toStrictEqual(["ok", "ok"]);
  });

  test("also where another dependency cannot log in there, between its checks", async () => {
    const [own, others] = [createAddressOrder(), createAddressOrder()];
    const all: string[] = [];
    for (const _ of [1, 2, 3, 4]) {
      all.push(await outcome(own));
      await outcome(others, false);
    }
    expect(all).toStrictEqual(["ServerStarting", "ok", "ok", "ok"]);
  });
});

test(
  "a server that has been well and falls silent costs one check where the time to connect ends before the next turn",
  async () => {
    const hole = await openBlackHole();
    const listen = { host: "127.0.0.2", port: hole.port };
    const other = await trackServer(createServer(), () => {}, listen);
    const addressOrder = createAddressOrder();
    addressOrder.succeeded(`db:${hole.port}`, "127.0.0.1");
    ANSWERS["db.svc.test"] = ["127.0.0.1", "127.0.0.2"];
    const outcomes: string[] = [];
    for (const _ of [1, 2, 3]) {
      const signal = AbortSignal.timeout(3_000);
      const context = { signal, connectTimeoutMilliseconds: 200, resolve, addressOrder };
      const endpoint = { host: "db", port: hole.port };
      outcomes.push(
        await withConnection(endpoint, context, async () => "ok").catch(({ message }) => message),
      );
    }
    expect(outcomes).toStrictEqual(["ConnectTimeout", "ok", "ok"]);
    await Promise.all([hole.close(), other.close()]);
  },
  BLACK_HOLE_START,
);

test("after one that went well no name server is asked again", async () => {
  ANSWERS["db.svc.test"] = ["127.0.0.2"];
  expect(await ask()).toBe("ok");
  expect(lookups.dns.questions).toEqual(expect.arrayContaining(NAMES.map((name) => `A ${name}`)));
  lookups.dns.questions.length = 0;
  expect(await ask()).toBe("ok");
  expect(lookups.dns.questions).toStrictEqual([]);
});

describe.each<FakeAnswer>(["SERVFAIL", "silence"])("while name servers are dead: %s", (dead) => {
  test.each<[string, () => Promise<{ port: number }>, string | typeof AggregateError]>([
    ["one that refuses", async () => old, "ServerStarting"],
    ["one whose port is closed", async () => ({ port: await closedPort() }), AggregateError],
  ])("a server on the same host as %s stays reachable", async (_, open, failure) => {
    const other = await open();
    expect(await ask(healthy)).toBe("ok");
    await expect(ask(other)).rejects.toThrow(failure);
    ANSWERS["db.svc.test"] = dead;
    for (const __ of [1, 2]) {
      expect(await ask(healthy, 400)).toBe("ok");
      await expect(ask(other, 400)).rejects.toThrow(failure);
    }
  });
});
