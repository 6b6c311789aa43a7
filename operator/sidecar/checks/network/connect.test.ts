import { getEventListeners, once } from "node:events";
import { createServer, Socket, type TcpNetConnectOpts } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from "@jest/globals";
import { createAddressOrder } from "../address-order.ts";
import { CheckError } from "../check.ts";
import { reasonOfError } from "../reason-of-error.ts";
import { BLACK_HOLE_START, type BlackHole, openBlackHole } from "../testing/black-hole.ts";
import { closedPort, eventually, leavingNothing } from "../testing/contract.ts";
import { type FakeServer, startFakeServer, trackServer } from "../testing/fake-server.ts";
import { ADDRESS_MILLISECONDS, type ConnectContext, connect } from "./connect.ts";
import type { Resolve } from "./resolve.ts";
import { resolutionOf } from "./testing/resolution-of.ts";

let server: FakeServer;
let hole: BlackHole;
beforeAll(async () => {
  server = await startFakeServer(() => {});
  hole = await openBlackHole();
}, BLACK_HOLE_START);
afterAll(() => Promise.all([server?.close(), hole?.close()]));

/** Addresses that were given up, connection by connection. */
let forgotten: string[][];
beforeEach(() => {
  forgotten = [];
});

const NEVER = new AbortController().signal;

interface Options {
  addresses?: string[];
  budget?: number;
  signal?: AbortSignal;
}

async function connected(port: number, context: ConnectContext): Promise<Socket> {
  return (await connect({ host: "db", port }, context)).socket;
}

/** Connects to `port` of all `addresses`. */
function open(
  port: number,
  { addresses = ["127.0.0.1"], budget = 2_000, signal = NEVER }: Options,
) {
  const context = {
    signal,
    connectTimeoutMilliseconds: budget,
    resolve: async () => ({
      ...resolutionOf(...addresses),
      searchAgain: () => forgotten.push(addresses),
    }),
  };
  return connected(port, context);
}

async function reason(connecting: Promise<Socket>): Promise<string> {
  try {
    (await connecting).destroy();
    return "connected";
  } catch (error) {
    return reasonOfError(error);
  }
}

test("the address that answers wins over those that are refused", async () => {
  // Nobody listens on the other loopback addresses.
  const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.1"];
  const result = await leavingNothing(() => reason(open(server.port, { addresses })));
  expect(result).toBe("connected");
});

test("an address that is refused costs no wait", async () => {
  const addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.1"];
  // Each taking its turn, they would need twice the budget.
  expect(await reason(open(server.port, { addresses, budget: 600 }))).toBe("connected");
});

test("an address that stays silent is joined by the next one, and let go when that answers", async () => {
  const listen = { host: "127.0.0.2", port: hole.port };
  const second = await trackServer(createServer(), () => {}, listen);
  const addresses = ["127.0.0.1", "127.0.0.2"];
  expect(await leavingNothing(() => reason(open(hole.port, { addresses })))).toBe("connected");
  expect(second.accepted()).toBe(1);
  await second.close();
});

test("each silent address has its time, whatever was refused before it", async () => {
  const listen = { host: "127.0.0.2", port: hole.port };
  const last = await trackServer(createServer(), () => {}, listen);
  const addresses = ["127.0.0.3", "127.0.0.1", "127.0.0.1", "127.0.0.2"];
  const started = performance.now();
  expect(await reason(open(hole.port, { addresses }))).toBe("connected");
  expect(performance.now() - started).toBeGreaterThan(450);
  await last.close();
});

test("nothing else is dialled when all addresses have been", async () => {
  const sockets = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
  // Those of other tests have closed by then.
  await sleep(200);
  const before = sockets();
  const connecting = reason(open(hole.port, { budget: 600 }));
  await sleep(400);
  expect(sockets()).toBe(before + 1);
  expect(await connecting).toBe("ConnectTimeout");
});

test("one address refused, one silent: the budget decides", async () => {
  const addresses = ["127.0.0.1", "127.0.0.2"];
  const result = leavingNothing(() => reason(open(hole.port, { addresses, budget: 600 })));
  expect(await result).toBe("ConnectTimeout");
});

test("all addresses refused: ConnectionRefused, by an AggregateError", async () => {
  const connecting = open(await closedPort(), { addresses: ["127.0.0.1", "127.0.0.2"] });
  await expect(connecting).rejects.toBeInstanceOf(AggregateError);
  await expect(reason(connecting)).resolves.toBe("ConnectionRefused");
});

describe("a connection to 127.0.0.1 that comes from the port that it goes to, as Linux may choose it", () => {
  /** Where it comes from. */
  let localAddress: string;
  beforeEach(() => {
    localAddress = "127.0.0.1";
    const dial: (this: Socket, to: TcpNetConnectOpts) => Socket = Socket.prototype.connect;
    jest.spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket, ...given) {
      // As node's own connect() calls it.
      const [[to]] = given as unknown as [[TcpNetConnectOpts]];
      const from = { localAddress, localPort: to.port };
      return dial.call(this, to.host === "127.0.0.1" ? { ...to, ...from } : to);
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test("is one with itself, where nobody listens: ConnectionRefused", async () => {
    const port = await closedPort();
    expect(await leavingNothing(() => reason(open(port, {})))).toBe("ConnectionRefused");
    expect(forgotten).toStrictEqual([["127.0.0.1"]]);
  });

  test("is followed by one to the next address", async () => {
    const elsewhere = { host: "127.0.0.2", port: await closedPort() };
    const second = await trackServer(createServer(), () => {}, elsewhere);
    const socket = await open(second.port, { addresses: ["127.0.0.1", "127.0.0.2"] });
    const { remoteAddress } = socket;
    socket.destroy();
    await second.close();
    expect(remoteAddress).toBe("127.0.0.2");
  });

  test("is like any other, where it comes from another address", async () => {
    localAddress = "127.0.0.3";
    expect(await reason(open(server.port, {}))).toBe("connected");
  });
});

test("the budget covers the lookup, too: name servers that are silent for all of it are what failed", async () => {
  const context = {
    signal: NEVER,
    connectTimeoutMilliseconds: 150,
    resolve: (_: string, signal: AbortSignal) =>
      once(signal, "abort").then(() => Promise.reject(signal.reason)),
  };
  const result = await leavingNothing(() => reason(connected(1, context)));
  expect(result).toBe("ResolverFailed");
});

test("the lookup is told of the budget", async () => {
  const told: number[] = [];
  const context = {
    signal: NEVER,
    connectTimeoutMilliseconds: 150,
    resolve: async (...[, , { budgetMilliseconds: budget }]: Parameters<Resolve>) => {
      told.push(budget);
      throw new CheckError("HostNotFound");
    },
  };
  await reason(connected(1, context));
  expect(told).toStrictEqual([150]);
});

test("the check's own deadline during the lookup: CheckTimeout", async () => {
  const context = {
    signal: AbortSignal.timeout(100),
    connectTimeoutMilliseconds: 2_000,
    resolve: (_: string, signal: AbortSignal) =>
      once(signal, "abort").then(() => Promise.reject(signal.reason)),
  };
  expect(await reason(connected(1, context))).toBe("CheckTimeout");
});

test.each(["HostNotFound", "ResolverFailed", "Misconfigured"] as const)(
  "what the lookup says is passed on: %s",
  async (said) => {
    const context = {
      signal: NEVER,
      connectTimeoutMilliseconds: 2_000,
      resolve: () => Promise.reject(new CheckError(said)),
    };
    expect(await reason(connected(1, context))).toBe(said);
  },
);

test("addresses of which one answers are kept; where none does they are forgotten", async () => {
  const addresses = ["127.0.0.2", "127.0.0.1"];
  expect(await reason(open(server.port, { addresses }))).toBe("connected");
  expect(forgotten).toStrictEqual([]);
  expect(await reason(open(await closedPort(), { addresses }))).toBe("ConnectionRefused");
  expect(await reason(open(hole.port, { budget: 100 }))).toBe("ConnectTimeout");
  expect(forgotten).toStrictEqual([addresses, ["127.0.0.1"]]);
});

test("who failed is remembered where none can be connected to: a moment without network must not bring them to the front", async () => {
  const addressOrder = createAddressOrder();
  const addresses = ["127.0.0.1", "127.0.0.2"];
  const resolve = async () => resolutionOf(...addresses);
  const context = { signal: NEVER, connectTimeoutMilliseconds: 2_000, resolve, addressOrder };
  const port = await closedPort();
  addressOrder.failed(`db:${port}`, "127.0.0.1");
  expect(await reason(connected(port, context))).toBe("ConnectionRefused");
  expect(addressOrder.inOrder(`db:${port}`, addresses)).toStrictEqual(addresses.toReversed());
});

test("the check's own deadline: CheckTimeout", async () => {
  const signal = AbortSignal.timeout(150);
  expect(await leavingNothing(() => reason(open(hole.port, { signal })))).toBe("CheckTimeout");
  expect(await reason(open(server.port, { signal }))).toBe("CheckTimeout");
});

test("a socket dies with its check", async () => {
  const deadline = new AbortController();
  const socket = await open(server.port, { signal: deadline.signal });
  await sleep(20);
  expect(socket.destroyed).toBe(false);
  deadline.abort();
  expect(socket.destroyed).toBe(true);
  expect(await eventually(server.sawClose)).toBe(true);
});

test("a socket that is closed lets go of its check", async () => {
  const deadline = new AbortController();
  const socket = await open(server.port, { signal: deadline.signal });
  expect(getEventListeners(deadline.signal, "abort")).toHaveLength(1);
  socket.destroy();
  await once(socket, "close");
  expect(getEventListeners(deadline.signal, "abort")).toHaveLength(0);
});

test("an error after the end is nobody's", async () => {
  const resetting = await startFakeServer((socket) =>
    setTimeout(() => socket.resetAndDestroy(), 50),
  );
  const socket = await open(resetting.port, {});
  socket.destroy(new Error("late"));
  socket.emit("error", new Error("later still"));
  await sleep(100);
  await resetting.close();
});

test("the highest port is one", async () => {
  expect(await reason(open(65_535, { addresses: ["127.0.0.9"] }))).toBe("ConnectionRefused");
});

test.each([0, 65_536, 1.5, Number.NaN])("port %d: Misconfigured", async (port) => {
  expect(await reason(open(port, {}))).toBe("Misconfigured");
});

test("what connecting takes is told: what the lookup does and each address that is dialled", async () => {
  let told = 0;
  const context = {
    signal: NEVER,
    connectTimeoutMilliseconds: 2_000,
    onConnect: (cpuMilliseconds: number) => {
      told += cpuMilliseconds;
    },
    resolve: async (...[, , { onCost }]: Parameters<Resolve>) => {
      onCost?.(5);
      return resolutionOf("127.0.0.2", "127.0.0.3", "127.0.0.1");
    },
  };
  (await connected(server.port, context)).destroy();
  expect(told).toBeCloseTo(5 + 3 * ADDRESS_MILLISECONDS);
});
