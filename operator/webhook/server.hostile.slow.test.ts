/** Clients that mean no good, and healthy ones beside them, whose reviews go on. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { ADMISSION_PATH, SIDECAR_CONTAINER } from "../api/names.ts";
import { SETTINGS } from "../inject/testing/settings.ts";
import { MAX_CONNECTIONS } from "./server.ts";
import { postReview, reviewOf } from "./testing/client.ts";
import {
  POD,
  post,
  runningWebhooks,
  SLOW_CLIENT_MILLISECONDS,
} from "./testing/running-webhooks.ts";
import { closed } from "./testing/tls-client.ts";

/** An API server waits for so long. */
const API_SERVER_MILLISECONDS = 3_000;
/** For one test, both sides of which work hard on one busy processor. */
const BUSY_MILLISECONDS = 30_000;

jest.setTimeout(BUSY_MILLISECONDS);

const { start, openConnection, plainConnection, keptOpen, close } = runningWebhooks();
afterEach(close);

describe("a client that means no good", () => {
  const HEAD = `POST ${ADMISSION_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  const asRequest = (body: string) => `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`;
  const MEBIBYTE = 1024 * 1024;
  /** Less than an honest body may take on a busy machine: nobody can be told by it to be slow. */
  const ANNOUNCED_MILLISECONDS = 800;
  /** What answers a large body that waited for its turn. */
  const LARGE_BYTES = 3 * MEBIBYTE - 1_024;

  test("and sends reviews ahead is cut off, and at most one of them is answered", async () => {
    const { target, metrics } = await start();
    const { socket } = await openConnection(target);
    socket.write(asRequest(JSON.stringify(reviewOf(POD))).repeat(200));
    const text = await closed(socket, SLOW_CLIENT_MILLISECONDS);
    expect(text.split("200 OK").length).toBeLessThanOrEqual(2);
    expect(await metrics.metrics()).not.toMatch(/injections_total\{.*} ([2-9]|\d\d)/);
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  });

  test("and sends a uid of 1 MB gets none of it back", async () => {
    const { target } = await start();
    const { status, text } = await post(
      target,
      JSON.stringify(reviewOf(POD, { uid: "u".repeat(1e6) })),
    );
    expect([status, JSON.parse(text).reason]).toStrictEqual([400, "UidTooLong"]);
    expect(text.length).toBeLessThan(200);
  });

  test.each([
    ["empty objects", "{},"],
    ["empty lists", "[],"],
    ["empty texts", '"",'],
  ])(
    "and sends 3 MiB of %s, eight times at once, does not have others wait for all of them",
    async (_, unit) => {
      const { target } = await start();
      const body = `[${unit.repeat(LARGE_BYTES / unit.length)}0]`;
      const statuses: number[] = [];
      const large = Array.from({ length: 8 }, async () => {
        statuses.push((await post(target, body)).status);
      });
      expect((await postReview(target, reviewOf(POD))).response.patch).toBeDefined();
      // It did not wait for all of them.
      expect(statuses.length).toBeLessThan(8);
      await Promise.all(large);
      expect(statuses).toStrictEqual(Array(8).fill(400));
    },
  );

  test("and sends 12 large bodies at once has some of them refused, and small reviews go on", async () => {
    const { target, metrics } = await start();
    const kept = keptOpen(target);
    await postReview(kept, reviewOf(POD));
    const slow = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const { socket } = await openConnection(target);
        socket.write(asRequest("x".repeat(LARGE_BYTES)).slice(0, -1));
        return socket;
      }),
    );
    const ends = Promise.all(
      slow.map(async (socket) => {
        const end = closed(socket, SLOW_CLIENT_MILLISECONDS);
        await sleep(1_500);
        socket.write("x");
        return end;
      }),
    );
    expect((await postReview(kept, reviewOf(POD))).response.patch).toBeDefined();
    const answers = (await ends).map((text) => text.slice(9, 12)).sort();
    expect(answers).toStrictEqual([...Array(8).fill("400"), ...Array(4).fill("503")]);
    expect(await metrics.metrics()).toContain('{result="refused",reason="Busy"} 4');
  });

  test("and fills the memory for bodies with some that never end has no larger review refused", async () => {
    const { target } = await start();
    const unfinished = asRequest("x".repeat(600_000)).slice(0, -1);
    for (let count = 0; count < 40; count++) {
      const { socket } = await openConnection(target);
      socket.on("error", () => undefined).write(unfinished);
    }
    await sleep(1_500);
    const pod = { ...POD, spec: { ...POD.spec, long: "x".repeat(1_400_000) } };
    expect((await postReview(target, reviewOf(pod))).response.patch).toBeDefined();
  });

  test.each<[string, (place: number) => string]>([
    ["one address", () => "127.0.0.2"],
    ["as many addresses as bodies", (place) => `127.0.0.${place + 2}`],
  ])(
    "and fills that memory from %s with bodies that are announced anew and again has no larger review refused",
    async (_, addressOf) => {
      const { target } = await start();
      const over = new AbortController();
      const announceAgain = async (localAddress: string): Promise<void> => {
        while (!over.signal.aborted) {
          const { socket } = await openConnection({ ...target, localAddress });
          socket.on("error", () => undefined).write(`${HEAD}Content-Length: ${MEBIBYTE}\r\n\r\n`);
          await sleep(ANNOUNCED_MILLISECONDS);
          socket.destroy();
        }
      };
      const attackers = Array.from({ length: 24 }, (_, place) => announceAgain(addressOf(place)));
      await sleep(1_000);
      const pod = { ...POD, spec: { ...POD.spec, long: "x".repeat(1_400_000) } };
      const statuses: number[] = [];
      for (let count = 0; count < 10; count++) {
        statuses.push((await post(target, JSON.stringify(reviewOf(pod)))).status);
        await sleep(50);
      }
      over.abort();
      await Promise.all(attackers);
      expect(statuses).toStrictEqual(Array(10).fill(200));
    },
  );

  test("and comes from a crowd of addresses keeps no new one waiting, and nothing of those that have gone", async () => {
    const { target, metrics } = await start();
    // A millisecond or more of CPU each.
    const initContainers = Array.from({ length: 4_000 }, (_, place) => ({ name: `${place}` }));
    const pod = { ...POD, spec: { ...POD.spec, initContainers } };
    const body = JSON.stringify(reviewOf(pod));
    let answered = 0;
    let over = false;
    const postAgain = async (localAddress: string): Promise<void> => {
      const kept = { ...keptOpen(target), localAddress };
      while (!over) answered += (await post(kept, body)).status === 200 ? 1 : 0;
    };
    const crowd = Array.from({ length: 30 }, (_, place) => postAgain(`127.0.0.${place + 2}`));
    // Twice each: nobody of the crowd is new any more.
    while (answered < 60) await sleep(50);
    for (const end of ["end", "destroy"] as const) {
      for (let count = 0; count < 20; count++) {
        const { socket } = await openConnection({ ...target, localAddress: "127.0.0.99" });
        socket.on("error", () => undefined).write(asRequest("x"), () => socket[end]());
      }
    }
    const begun = performance.now();
    const { response } = await postReview({ ...target, localAddress: "127.0.0.1" }, reviewOf(POD));
    expect(performance.now() - begun).toBeLessThan(API_SERVER_MILLISECONDS);
    expect(response.patch).toBeDefined();
    over = true;
    await Promise.all(crowd);
    expect(await metrics.metrics()).not.toContain('result="refused"');
  });

  test("and asks for an answer as large as its body gets a short one", async () => {
    const { target } = await start();
    // One mount is taken out and ours are put in, so that the patch would replace the list with all it has.
    const long = { name: "x", mountPath: "/x", subPath: "x".repeat(LARGE_BYTES - 2_048) };
    const volumeMounts = [{ name: "x", mountPath: "/usr" }, long];
    const standing = { name: SIDECAR_CONTAINER, image: SETTINGS.image, volumeMounts };
    const pod = { ...POD, spec: { ...POD.spec, initContainers: [standing] } };
    const { status, text } = await post(target, JSON.stringify(reviewOf(pod)));
    expect(status).toBe(200);
    expect(text.length).toBeLessThan(300);
  });

  test("gets no more of its text into the log than the name of a namespace", async () => {
    const { target, log } = await start();
    const pod = { ...POD, spec: { containers: "canary" }, canary: "canary" };
    await postReview(target, reviewOf(pod, { uid: "canary" }));
    await post(target, JSON.stringify(reviewOf(pod, { namespace: "canary\n" })));
    expect(log.error).toHaveBeenCalledTimes(1);
    expect(JSON.stringify(log.error.mock.calls)).not.toContain("canary");
  });
});

describe("what is not HTTP over TLS", () => {
  test.each([
    ["text in the clear", false],
    ["text inside TLS", true],
  ])("%s is cut off, and the next review answered", async (_, encrypted) => {
    const { target } = await start();
    const socket = encrypted ? (await openConnection(target)).socket : plainConnection(target.port);
    socket.write("\u0000 nonsense\r\n\r\n");
    expect(await closed(socket, SLOW_CLIENT_MILLISECONDS)).not.toContain("200 OK");
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  });

  test("does not keep more connections than there is room for", async () => {
    const { target } = await start();
    const crowd = Array.from({ length: MAX_CONNECTIONS + 1 }, () => plainConnection(target.port));
    const first = Promise.race(crowd.map((socket) => closed(socket, 3_000)));
    expect(await first).toBe("");
    const open = crowd.filter(({ destroyed }) => !destroyed);
    expect(open.length).toBe(MAX_CONNECTIONS);
  });
});

test(
  "clients that hold every connection keep no review out",
  async () => {
    const { target } = await start();
    const kept = Array.from({ length: MAX_CONNECTIONS }, () => keptOpen(target));
    const body = JSON.stringify(reviewOf(POD));
    const answers: Awaited<ReturnType<typeof post>>[] = [];
    // In groups: a busy machine takes longer for all handshakes at once than one call may.
    for (let at = 0; at < MAX_CONNECTIONS; at += 64) {
      const group = kept.slice(at, at + 64);
      answers.push(...(await Promise.all(group.map((client) => post(client, body)))));
    }
    const held = answers.filter(({ headers }) => headers.connection === "keep-alive");
    expect(held.length).toBe(MAX_CONNECTIONS);

    expect((await postReview(target, reviewOf(POD))).response.patch).toBeDefined();
  },
  BUSY_MILLISECONDS,
);

test(
  "clients that are too slow are cut off, and the next one is answered",
  async () => {
    const { target } = await start();
    const head = `POST ${ADMISSION_PATH} HTTP/1.1\r\nHost: localhost\r\n`;
    const body = "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
    const slow = await Promise.all(
      [head, head + body].map(async (text) => {
        const { socket } = await openConnection(target);
        socket.write(text);
        return closed(socket, SLOW_CLIENT_MILLISECONDS);
      }),
    );
    expect(slow.filter((answer) => answer.includes("200 OK"))).toStrictEqual([]);
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  },
  SLOW_CLIENT_MILLISECONDS + 1_000,
);
