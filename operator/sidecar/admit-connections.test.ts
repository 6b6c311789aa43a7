import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import {
  type AdmitConnection,
  admitConnections,
  type ConnectionLimits,
} from "./admit-connections.ts";
import { type RawClient, rawClient } from "./testing/raw-client.ts";

let server: Server;
let port: number;
let admit: AdmitConnection;
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
/** Resolves at the beginning of a second, so that what follows falls into the same one. */
const secondBegins = () => sleep(1_000 - (performance.now() % 1_000));

/** How many connections of an address are open on the server's side. */
const held = (address: string) =>
  admitted.filter((socket) => !socket.destroyed && socket.remoteAddress === address).length;

/** Without a limit that is not given. */
async function start(limits: Partial<ConnectionLimits>): Promise<void> {
  admit = admitConnections({ open: 10_000, perSecond: 10_000, perAddress: 0, ...limits });
  server = createServer((socket) => {
    socket.on("error", () => {});
    const stays = admit(socket);
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
  server.close();
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

test("over the bound of a second only addresses that have had little get more", async () => {
  await start({ perSecond: 20, perAddress: 3 });
  const stay = (results: boolean[]) => results.filter((stays) => stays).length;
  await secondBegins();
  expect(await openMany(ATTACKER, 15)).toStrictEqual(Array(15).fill(true));
  expect(stay(await openMany(OTHER_ATTACKER, 40))).toBe(5);
  expect(stay(await openMany(ATTACKER, 5))).toBe(0);
  expect(stay(await openMany(KUBELET, 10))).toBe(3);
  await secondBegins();
  expect(await open(ATTACKER)).toBe(true);
});

test("counts no more addresses of one second than it can bear", async () => {
  await start({ perSecond: 0, perAddress: 1 });
  const from = (remoteAddress: string) => {
    const socket = { remoteAddress, destroyed: false, destroy: () => {}, once: () => {} };
    return admit(socket as unknown as Socket);
  };
  await secondBegins();
  expect(from("10.0.0.1")).toBe(true);
  expect(from("10.0.0.1")).toBe(false);
  for (let index = 0; index < 2_000; index += 1) from(`10.1.${index >> 8}.${index & 255}`);
  // Its third connection, which it would not get while the first two are remembered.
  expect(from("10.0.0.1")).toBe(true);
});

test("a client that has gone before it was looked at", async () => {
  await start({});
  const socket = { remoteAddress: undefined, destroyed: false, destroy: () => {} };
  expect(admit(socket as unknown as Socket)).toBe(false);
});
