import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { certificateRule, MAX_CERTIFICATES } from "./certificate-rule.ts";
import { chainOfCurves, chainOfNames, chainOfSize } from "./testing/costly-chains.ts";

const dersOf = (pem: string) =>
  (pem.match(/[^-\n][^-]+(?=-----END)/g) ?? []).map((text) => Buffer.from(text, "base64"));
const refusedKey = generateKeyPairSync("ec", { namedCurve: "secp224r1" }).publicKey.export({
  type: "spki",
  format: "der",
});
const [GOOD = Buffer.alloc(0)] = dersOf(chainOfSize(1, 400).cert);
/** One that excludes so many names, in 125 bytes each and 17 around them. */
const constrained = (names: number) => dersOf(chainOfNames(1, names).cert)[1] ?? Buffer.alloc(0);
const REFUSED = dersOf(chainOfCurves(1, refusedKey).cert)[1] ?? Buffer.alloc(0);

const withLength = (bytes: Buffer, size = 3) => {
  const length = Buffer.alloc(size);
  length.writeUIntBE(bytes.length, 0, size);
  return Buffer.concat([length, bytes]);
};
const message = (type: number, body: Buffer) => Buffer.concat([Buffer.of(type), withLength(body)]);

const HELLO = message(2, Buffer.alloc(70, 7));
const VERSIONS: [string, (certificates: Buffer[]) => Buffer][] = [
  [
    "TLS 1.2",
    (certificates) =>
      message(11, withLength(Buffer.concat(certificates.map((der) => withLength(der))))),
  ],
  [
    "TLS 1.3",
    (certificates) => {
      const entries = certificates.map((der, index) =>
        Buffer.concat([withLength(der), withLength(Buffer.alloc(index), 2)]),
      );
      return message(11, Buffer.concat([Buffer.of(0), withLength(Buffer.concat(entries))]));
    },
  ],
];

/** Whether each piece may come. */
const tell = (...pieces: Buffer[]) => {
  const mayCome = certificateRule();
  return pieces.map((piece) => mayCome(piece));
};

describe.each(VERSIONS)("in %s", (_, certificates) => {
  test.each([
    ["one", [GOOD], true],
    ["as many as are allowed", Array<Buffer>(MAX_CERTIFICATES).fill(GOOD), true],
    ["one more", Array<Buffer>(MAX_CERTIFICATES + 1).fill(GOOD), false],
    ["one with a key that is refused, behind a good one", [GOOD, REFUSED], false],
    ["none, for OpenSSL to say so", [], true],
    ["as many name constraints as are allowed", [GOOD, constrained(8)], true],
    ["more of them", [GOOD, constrained(9)], false],
    ["more of them in two certificates", [constrained(4), constrained(4)], false],
  ])("%s", (__, ders, allowed) => {
    expect(tell(HELLO, certificates(ders), HELLO)).toStrictEqual([true, allowed, allowed]);
    expect(tell(Buffer.concat([HELLO, certificates(ders), HELLO]))).toStrictEqual([allowed]);
  });

  test("the piece that completes the message shows it, wherever it is cut", () => {
    const bytes = Buffer.concat([HELLO, certificates([REFUSED])]);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(tell(bytes.subarray(0, cut), bytes.subarray(cut))).toStrictEqual([true, false]);
    }
    const oneByOne = tell(...[...bytes].map((byte) => Buffer.of(byte)));
    expect(oneByOne.indexOf(false)).toBe(bytes.length - 1);
  });

  test("a good message makes none good that came before it", () => {
    const both = Buffer.concat([certificates([REFUSED]), certificates([GOOD])]);
    expect(tell(both)).toStrictEqual([false]);
  });

  test("a list that says another length, of its own or of a certificate", () => {
    const whole = certificates([GOOD]);
    for (const place of [6, 7, 9, 10]) {
      const broken = Buffer.from(whole);
      broken[place] = (broken[place] ?? 0) ^ 1;
      expect(tell(broken)).toStrictEqual([false]);
    }
  });
});

test("messages of other types are not looked at", () => {
  expect(tell(message(22, REFUSED), message(12, Buffer.alloc(0)))).toStrictEqual([true, true]);
});
