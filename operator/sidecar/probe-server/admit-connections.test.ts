import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { unreadBytes } from "../../http/testing/unread-bytes.ts";
import { type RawClient, rawClient } from "../testing/raw-client.ts";
import { type Admission, admitConnections, type ConnectionLimits } from "./admit-connections.ts";

let server: Server;
let port: number;
let admission: Admission;
let admitted: Socket[];
let clients: RawClient[];

const KUBELET = "127.0.0.2";
const ATTACKER = "127.0.0.3";
const OTHER_ATTACKER = "127.0.0.4";

/** A new connection that the server has decided on; true when it may stay. */
async function open(localAddress: string): Promise<boolean> {
  const decided = once(server, "decided");
  clients.push(rawClient(port, "", { localAddress }));
  return (await decided)[0];
}
const openMany = async (localAddress: string, count: number): Promise<boolean[]> => {
  const results: boolean[] = [];
  for (let index = 0; index < count; index += 1) results.push(await open(localAddress));
  return results;
};
/** How many connections of an address are open on the server's side. */
const held = (address: string) =>
  admitted.filter((socket) => !socket.destroyed && socket.remoteAddress === address).length;

/** Without a limit that is not given. */
async function start(limits: Partial<ConnectionLimits>): Promise<void> {
  admission = admitConnections({
    open: 10_000,
    perSecond: 10_000,
    perAddress: 0,
    reserve: 0,
    ...limits,
  });
  server = createServer({ blockList: admission.blockList }, (socket) => {
    socket.on("error", () => {});
    const stays = admission.hold(socket);
    if (stays) admitted.push(socket);
    server.emit("decided", stays);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  port = typeof address === "object" && address ? address.port : 0;
}

beforeEach(() => {
  admitted = [];
  clients = [];
});
afterEach(() => {
  for (const { socket } of clients) socket.destroy();
  server?.close();
});

test("a connection that has to go takes what its client has not read with it", async () => {
  await start({ open: 1 });
  await open(ATTACKER);
  for (const { socket } of clients) socket.pause();
  await new Promise((resolve) =>
    admitted[0]?.end("x".repeat(1024 * 1024), () => resolve(undefined)),
  );
  expect(unreadBytes(port)).toBeGreaterThan(0);
  await open(KUBELET);
  expect(admitted[0]?.destroyed).toBe(true);
  expect(unreadBytes(port)).toBe(0);
});

test("over the bound the address with most loses its oldest, never one that holds few", async () => {
  await start({ open: 10 });
  expect(await open(KUBELET)).toBe(true);
  await openMany(OTHER_ATTACKER, 3);
  await openMany(ATTACKER, 6);
  const [, , , , oldestOfMost] = admitted;
  expect(held(ATTACKER)).toBe(6);

  expect(await open(KUBELET)).toBe(true);
  expect(oldestOfMost?.destroyed).toBe(true);
  expect([held(KUBELET), held(OTHER_ATTACKER), held(ATTACKER)]).toStrictEqual([2, 3, 5]);

  await openMany(ATTACKER, 50);
  expect([held(KUBELET), held(OTHER_ATTACKER), held(ATTACKER)]).toStrictEqual([2, 3, 5]);
});

test("a connection that has ended no longer counts", async () => {
  await start({ open: 3 });
  await openMany(ATTACKER, 2);
  for (const socket of admitted) {
    socket.destroy();
    await once(socket, "close");
  }
  await openMany(ATTACKER, 3);
  expect(held(ATTACKER)).toBe(3);
});

test("where each address holds one, the oldest goes", async () => {
  await start({ open: 2 });
  for (const address of [ATTACKER, OTHER_ATTACKER, KUBELET]) await open(address);
  expect([held(ATTACKER), held(OTHER_ATTACKER), held(KUBELET)]).toStrictEqual([0, 1, 1]);
});

test("one that the second has no room for is ended before there is a socket of it", async () => {
  await start({ perSecond: 1 });
  const decisions: boolean[] = [];
  server.on("decided", (stays) => decisions.push(stays));
  // Two of three at least come in one second, and of them the later is one too many.
  const closed = Array.from({ length: 3 }, () => {
    const client = rawClient(port, "", { localAddress: ATTACKER });
    clients.push(client);
    return client.closed;
  });
  expect(await Promise.race(closed)).toBe("");
  expect(decisions.length).toBeLessThan(3);
  expect(decisions).not.toContain(false);
});

describe("more connections than a second has room for", () => {
  const from = (address: string) => !admission.blockList.check(address);
  /** A thousand connections from as many addresses; gives how many stay. */
  const flood = () =>
    Array.from({ length: 1_000 }, (_, index) => from(`10.1.${index >> 8}.${index & 255}`)).filter(
      (stays) => stays,
    ).length;

  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    admission = admitConnections({ open: 10_000, perSecond: 100, perAddress: 2, reserve: 0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test("from few addresses: each gets a few even so, and all the next second's", () => {
    const stay = (address: string, count: number) =>
      Array.from({ length: count }, () => from(address)).filter((stays) => stays).length;
    expect(stay(ATTACKER, 90)).toBe(90);
    expect(stay(OTHER_ATTACKER, 40)).toBe(10);
    expect(stay(ATTACKER, 5)).toBe(0);
    expect(stay(KUBELET, 10)).toBe(2);
    expect(admission.refused()).toBe(30 + 5 + 8);
    jest.advanceTimersByTime(1_000);
    expect(stay(ATTACKER, 1)).toBe(1);
  });

  describe("while others have the places of those that are known", () => {
    const addresses = (count: number, network: number) =>
      Array.from({ length: count }, (_, index) => `10.${network}.${index >> 8}.${index & 255}`);
    const places = addresses(64, 2);

    beforeEach(() => {
      admission = admitConnections({ open: 10_000, perSecond: 100, perAddress: 5, reserve: 160 });
      for (const address of places) from(address);
      jest.advanceTimersByTime(1_000);
    });

    test("an address that comes later has its share, whoever floods", () => {
      for (let seconds = 0; seconds < 10; seconds += 1) {
        Array(20).fill(places).flat().map(from);
        expect(Array(9).fill(KUBELET).filter(from)).toHaveLength(3);
        jest.advanceTimersByTime(1_000);
      }
    });

    test("the fewer each the more there are, and one as long as there is any", () => {
      const stay = (others: string[]) => others.filter(from).length;
      for (let round = 0; round < 10; round += 1) stay(places.slice(0, 16));
      const few = addresses(10, 3);
      expect(Array.from({ length: 6 }, () => stay(few))).toStrictEqual([10, 10, 10, 10, 0, 0]);
      // Of 160 there are 120 left.
      expect(stay(Array(9).fill(KUBELET))).toBe(4);
      expect(stay(addresses(115, 4))).toBe(115);
      expect([from(OTHER_ATTACKER), from(OTHER_ATTACKER)]).toStrictEqual([true, false]);
      expect(from("10.5.0.1")).toBe(false);
      jest.advanceTimersByTime(1_000);
      expect(stay(addresses(400, 6))).toBe(260);
    });
  });

  test("from more addresses than are known: who came before gets a few, the others none", () => {
    expect(from(KUBELET)).toBe(true);
    for (let seconds = 0; seconds < 10; seconds += 1) {
      jest.advanceTimersByTime(1_000);
      expect(flood()).toBe(100);
      expect([from(KUBELET), from(KUBELET), from(KUBELET)]).toStrictEqual([true, true, false]);
    }
    // Nobody knows the one that comes during the flood.
    expect(from(OTHER_ATTACKER)).toBe(false);
  });

  test.each([
    [300_000, false],
    [301_000, true],
  ])(
    "an address keeps its place while it is heard of, and when it has been silent for %i ms: others get one %s",
    (silence, hasPlace) => {
      flood();
      jest.advanceTimersByTime(silence);
      from(KUBELET);
      flood();
      expect(from(KUBELET)).toBe(hasPlace);
    },
  );
});

test("a client that has gone before it was looked at", async () => {
  await start({});
  const destroy = jest.fn();
  const socket = { remoteAddress: undefined, destroyed: false, destroy };
  expect(admission.hold(socket as unknown as Socket)).toBe(false);
  expect(destroy).toHaveBeenCalledTimes(1);
});
