import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as openSocket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { SecureContext } from "node:tls";
import { expect, test } from "@jest/globals";
import { MAX_DEPENDENCIES } from "../../../api/limits.ts";
import { createCertificates } from "../testing/certificates.ts";
import { PATIENT } from "../testing/contract.ts";
import { createAuthorities } from "./authorities.ts";
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
  expect(first).toBeDefined();
  expect(authorities.secureContextOf({ ...CA }, ca)).toBe(first);
  const second = authorities.secureContextOf(CA, stranger);
  expect(second).not.toBe(first);
  expect(authorities.secureContextOf(CA, stranger)).toBe(second);
  // Of what was there before nothing is kept.
  expect(authorities.secureContextOf(CA, ca)).not.toBe(first);
});

test("Secrets and keys are told apart", () => {
  const authorities = createAuthorities();
  const references = [CA, keyed("other"), { secretName: "other", key: "ca" }];
  const contexts = references.map((reference) => authorities.secureContextOf(reference, ca));
  expect(new Set(contexts).size).toBe(references.length);
  expect(references.map((reference) => authorities.secureContextOf(reference, ca))).toEqual(
    contexts,
  );
});

test("a text that is refused is not read again either", () => {
  let read = 0;
  const authorities = createAuthorities((text) => {
    read += 1;
    return text === ca ? ca : undefined;
  });
  const outcomes = ["x", "x", ca, ca].map(
    (text) => authorities.secureContextOf(CA, text) !== undefined,
  );
  expect({ outcomes, read }).toEqual({ outcomes: [false, false, true, true], read: 2 });
});

test("as many are remembered as a policy has dependencies, and no more", () => {
  let read = 0;
  const authorities = createAuthorities((text) => {
    read += 1;
    return text;
  });
  const round = (count: number) => {
    const before = read;
    for (let index = 0; index < count; index += 1)
      authorities.secureContextOf(keyed(`ca${index}`), ca);
    return read - before;
  };
  expect([round(MAX_DEPENDENCIES), round(MAX_DEPENDENCIES)]).toEqual([MAX_DEPENDENCIES, 0]);
  // Nor does the last, asked for once more, take the place of the first.
  authorities.secureContextOf(keyed(`ca${MAX_DEPENDENCIES - 1}`), ca);
  expect(round(MAX_DEPENDENCIES)).toBe(0);
  expect(round(MAX_DEPENDENCIES + 1)).toBe(1);
  // What has not been asked for longest is forgotten.
  expect([round(1), round(1)]).toEqual([1, 0]);
});

test("memory is freed when one takes the place of another, and not when the first come", () => {
  let collected = 0;
  const { secureContextOf } = createAuthorities(
    (text) => text,
    () => {
      collected += 1;
    },
  );
  const all = Array.from({ length: MAX_DEPENDENCIES }, (_, index) => keyed(`ca${index}`));
  const after = (steps: () => void) => {
    collected = 0;
    steps();
    return collected;
  };
  const askForAll = (text: string) => () => {
    for (const reference of all) secureContextOf(reference, text);
  };
  expect([after(askForAll(ca)), after(askForAll(ca))]).toEqual([0, 0]);
  expect(after(askForAll(stranger))).toBe(MAX_DEPENDENCIES);
  expect(after(() => secureContextOf(keyed("another"), ca))).toBe(1);
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
  if (context === undefined) throw new Error("refused");
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
