import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { CheckError } from "../check.ts";
import { leavingNothing } from "../testing/contract.ts";
import { type FakeServer, startFakeServer, trackServer } from "../testing/fake-server.ts";
import { createResolve, type Resolve } from "./resolve.ts";
import { type Lookups, startLookups } from "./testing/lookups.ts";
import { withConnection } from "./with-connection.ts";

const ADDRESSES: Record<string, string> = {};
/** The first name of the search list, and the one that answers. */
const NAMES = ["db.shop.svc.test", "db.svc.test"];

let lookups: Lookups;
let old: FakeServer;
let next: FakeServer;
let resolve: Resolve;
beforeAll(async () => {
  lookups = await startLookups(
    (name) => (ADDRESSES[name] ? [ADDRESSES[name]] : []),
    () => 30,
  );
  old = await startFakeServer((socket) => socket.write("no"));
  const elsewhere = { host: "127.0.0.2", port: old.port };
  next = await trackServer(createServer(), (socket) => socket.write("ok"), elsewhere);
});
afterAll(() => Promise.all([lookups?.close(), old?.close(), next?.close()]));
beforeEach(() => {
  resolve = createResolve(lookups.sources);
  ADDRESSES["db.svc.test"] = "127.0.0.1";
});

/** What the server says, in a conversation that fails where that is "no". */
function ask(): Promise<string> {
  const context = {
    signal: AbortSignal.timeout(3_000),
    connectTimeoutMilliseconds: 2_000,
    resolve,
  };
  return withConnection({ host: "db", port: old.port }, context, async (socket: Socket) => {
    const [said] = await once(socket, "data");
    if (String(said) === "no") throw new CheckError("ServerStarting");
    return String(said);
  });
}

test("after a server that answers and refuses, the next conversation is with whom the name leads to by then", async () => {
  await leavingNothing(async () => {
    await expect(ask()).rejects.toThrow("ServerStarting");
    ADDRESSES["db.svc.test"] = "127.0.0.2";
    lookups.dns.questions.length = 0;
    expect(await ask()).toBe("ok");
  });
  // The name that answered is asked alone: a refused login must not cost the whole search list at every check.
  expect(lookups.dns.questions.sort()).toStrictEqual(["A db.svc.test", "AAAA db.svc.test"]);
});

test("after one that went well no name server is asked again", async () => {
  ADDRESSES["db.svc.test"] = "127.0.0.2";
  expect(await ask()).toBe("ok");
  expect(lookups.dns.questions).toEqual(expect.arrayContaining(NAMES.map((name) => `A ${name}`)));
  lookups.dns.questions.length = 0;
  expect(await ask()).toBe("ok");
  expect(lookups.dns.questions).toStrictEqual([]);
});
