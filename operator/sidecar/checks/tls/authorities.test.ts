import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as openSocket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { SecureContext } from "node:tls";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { MAX_DEPENDENCIES } from "../../../api/limits.ts";
import { createCertificates } from "../testing/certificates.ts";
import { PATIENT } from "../testing/contract.ts";
import { createAuthorities, MAX_TEXTS_LENGTH } from "./authorities.ts";
import { startTls } from "./start-tls.ts";
import { startChainServer } from "./testing/tls-server.ts";

const certificates = createCertificates();
const { ca } = certificates;
const { ca: stranger } = createCertificates();
const keyed = (key: string) => ({ secretName: "tls", key });
const CA = keyed("ca");

test("a text is read once for as long as its Secret holds it, whoever asks", () => {
  const authorities = createAuthorities();
  const first = authorities.secureContextOf({ ...CA }, ca);
  expect(authorities.secureContextOf({ ...CA }, ca)).toBe(first);
  const second = authorities.secureContextOf(CA, stranger);
  expect(second).not.toBe(first);
  expect(authorities.secureContextOf(CA, stranger)).toBe(second);
  // Of what was there before nothing is kept.
  expect(authorities.secureContextOf(CA, ca)).not.toBe(first);
});

test("a text is read once however many Secrets and keys hold it, and they are told apart", () => {
  const { secureContextOf } = createAuthorities(undefined, undefined, () => true);
  const first = secureContextOf(CA, ca);
  for (const other of [keyed("other"), { secretName: "other", key: "ca" }]) {
    expect(secureContextOf(other, ca)).toBe(first);
    const changed = secureContextOf(other, stranger);
    expect(changed).not.toBe(first);
    expect(secureContextOf(CA, ca)).toBe(first);
    expect(secureContextOf(other, stranger)).toBe(changed);
  }
});

test("a text that is refused is Misconfigured and not read again either", () => {
  let read = 0;
  const authorities = createAuthorities((text) => {
    read += 1;
    return text === ca ? ca : undefined;
  });
  const refused = expect.objectContaining({
    reason: "Misconfigured",
    problem: expect.stringMatching(/^the value of tls.caSecret holds no certificate in PEM form/),
  });
  const ask = (text: string) => () => authorities.secureContextOf(CA, text);
  expect(ask("x")).toThrow(refused);
  expect(ask("x")).toThrow(refused);
  expect(ask(ca)()).toBe(ask(ca)());
  expect(read).toBe(2);
});

test("as many are remembered as a policy has dependencies, and no more", () => {
  let read = 0;
  const take = () => {
    read += 1;
    return ca;
  };
  const authorities = createAuthorities(take, undefined, () => true);
  const ask = (index: number) => authorities.secureContextOf(keyed(`ca${index}`), `text ${index}`);
  const round = (count: number) => {
    const before = read;
    for (let index = 0; index < count; index += 1) ask(index);
    return read - before;
  };
  expect([round(MAX_DEPENDENCIES), round(MAX_DEPENDENCIES)]).toEqual([MAX_DEPENDENCIES, 0]);
  // Nor does the last, asked for once more, take the place of the first.
  ask(MAX_DEPENDENCIES - 1);
  expect(round(MAX_DEPENDENCIES)).toBe(0);
  expect(round(MAX_DEPENDENCIES + 1)).toBe(1);
  // What has not been asked for longest is forgotten.
  expect([round(1), round(1)]).toEqual([1, 0]);
});

describe("texts that are as long together as is allowed", () => {
  const THIRD = MAX_TEXTS_LENGTH / 3;
  const textOf = (letter: string, length = THIRD) => letter.repeat(length);
  const NO_ROOM = expect.objectContaining({
    reason: "Misconfigured",
    problem: "all tls.caSecret together have more than 768 KiB, equal values counted once",
  });
  let unnamed: Set<string>;
  let read: string[];
  let ask: (key: string, text: string) => SecureContext;
  beforeEach(() => {
    unnamed = new Set();
    read = [];
    const take = (text: string) => {
      read.push(text[0] ?? "");
      return text.startsWith("x") ? undefined : ca;
    };
    const { secureContextOf } = createAuthorities(take, undefined, (name) => !unnamed.has(name));
    ask = (key, text) => secureContextOf(keyed(key), text);
    for (const letter of ["a", "b", "c"]) ask(letter, textOf(letter));
  });

  test("one more is refused unread, and takes none's place", () => {
    for (const letter of ["a", "b", "c"]) {
      expect(() => ask("d", "d")).toThrow(NO_ROOM);
      ask(letter, textOf(letter));
    }
    expect(read).toEqual(["a", "b", "c"]);
  });

  test("an equal one takes no room", () => {
    expect(ask("d", textOf("a"))).toBe(ask("a", textOf("a")));
  });

  test("another in the place of one that its key held fits, and a longer one does not", () => {
    expect(() => ask("c", textOf("d", THIRD + 1))).toThrow(NO_ROOM);
    expect(ask("c", textOf("d"))).toBeDefined();
    expect(() => ask("e", "e")).toThrow(NO_ROOM);
  });

  test("one in which there is nothing to trust counts too, as it takes as long to read", () => {
    expect(() => ask("c", textOf("x"))).toThrow("Misconfigured");
    expect(() => ask("d", "d")).toThrow(NO_ROOM);
  });

  test("one that the policy names no more makes room at once, and one that is equal to a named one stays", () => {
    const first = ask("a", textOf("a"));
    ask("e", textOf("a"));
    unnamed.add("tls/a");
    expect(() => ask("d", textOf("d"))).toThrow(NO_ROOM);
    expect(ask("e", textOf("a"))).toBe(first);
    unnamed.add("tls/e");
    expect(ask("d", textOf("d"))).toBeDefined();
    expect(() => ask("a", textOf("a"))).toThrow(NO_ROOM);
    expect(read).toEqual(["a", "b", "c", "d"]);
  });
});

test("memory is freed after every 64 KiB that are read, before anything is made of them", () => {
  const steps: string[] = [];
  const { secureContextOf } = createAuthorities(
    () => {
      steps.push("read");
      return ca;
    },
    () => steps.push("freed"),
  );
  const ask = (letter: string, length: number) => {
    secureContextOf(keyed(letter), letter.repeat(length));
    return steps.splice(0);
  };
  expect(ask("a", 65_536)).toEqual(["read"]);
  expect(ask("a", 65_536)).toEqual([]);
  expect(ask("b", 1)).toEqual(["read", "freed"]);
  expect(ask("c", 65_536)).toEqual(["read"]);
  expect(ask("c", 65_537)).toEqual(["read", "freed"]);
});

test("the image lets the program free it", () => {
  const dockerfile = new URL("../../../../Dockerfile", import.meta.url);
  expect(readFileSync(dockerfile, "utf8")).toMatch(
    /^ENTRYPOINT .*"--expose-gc", .*"\/sidecar.cjs"/m,
  );
});

interface Handshake {
  authorized: boolean;
  resumed: boolean;
  /** What a client could go on with. */
  session: Buffer | undefined;
}

/** Shakes hands over a connection of its own, and offers to go on with `session` if there is one. */
async function handshake(
  port: number,
  secureContext: SecureContext,
  session?: Buffer,
): Promise<Handshake> {
  const socket = openSocket(port, "127.0.0.1");
  await once(socket, "connect");
  const options = { secureContext, host: "localhost", servername: "localhost" };
  const stream = startTls(socket, session ? { ...options, session } : options);
  let given: Buffer | undefined;
  stream.on("session", (told: Buffer) => {
    given = told;
  });
  try {
    await once(stream, "secureConnect");
    // In TLS 1.3 the server's tickets follow, here with its first answer.
    stream.resume();
    stream.write("x");
    const end = performance.now() + PATIENT;
    while (given === undefined && !session && performance.now() < end) await sleep(5);
    return { authorized: stream.authorized, resumed: stream.isSessionReused(), session: given };
  } finally {
    stream.destroy();
    socket.destroy();
  }
}

/** Gives the context and a server of that authority. */
async function withServer(
  args: string[],
  use: (port: number, context: SecureContext) => Promise<void>,
): Promise<void> {
  const context = createAuthorities().secureContextOf(CA, ca);
  const server = await startChainServer(certificates.server("localhost"), args);
  try {
    await use(server.port, context);
  } finally {
    await server.close();
  }
}

test.each(["-tls1_2", "-tls1_3"])(
  "%s: every connection of one context is verified in a full handshake",
  async (version) => {
    await withServer([version], async (port, context) => {
      const full = { authorized: true, resumed: false };
      const first = await handshake(port, context);
      expect(first).toEqual({ ...full, session: expect.any(Buffer) });
      expect(await handshake(port, context)).toMatchObject(full);
      // The server would have gone on with the session, had it been offered.
      expect(await handshake(port, context, first.session)).toMatchObject({ resumed: true });
    });
  },
);

test.each([
  ["TLS 1.1", ["-tls1_1"]],
  ["a curve that start-tls.ts does not list", ["-tls1_3", "-groups", "X448"]],
])("%s is refused, as without authorities", async (_, args) => {
  await withServer(args, async (port, context) => {
    await expect(handshake(port, context)).rejects.toThrow();
  });
});
