import { expect, test } from "@jest/globals";
import { certificateParts } from "./certificate-parts.ts";

const sequence = (...parts: string[]) => element("30", ...parts);
function element(tag: string, ...parts: string[]): string {
  const content = parts.join("");
  return `${tag}82${(content.length / 2).toString(16).padStart(4, "0")}${content}`;
}
const VERSION = "a003020102";
const KEY = sequence("0501");
const BEFORE_KEY = ["020101", "3000", "3000", "3000", "3000"];
/** An extension of this identifier, whose value is empty. */
const extension = (identifier: string) => sequence(`0603${identifier}`, "0400");
const extensions = (...list: string[]) => element("a3", sequence(...list));

const parts = (...toBeSigned: string[]) =>
  certificateParts(Buffer.from(sequence(sequence(...toBeSigned), "3000", "030100"), "hex"));

test("the key and the extensions, with a version and without", () => {
  const want = {
    publicKey: { tag: 0x30, content: Buffer.from("0501", "hex") },
    extensions: [
      { identifier: "551d1e", length: 7 },
      { identifier: "551d13", length: 7 },
    ],
  };
  const list = extensions(extension("551d1e"), extension("551d13"));
  expect(parts(VERSION, ...BEFORE_KEY, KEY, list)).toEqual(want);
  expect(parts(...BEFORE_KEY, KEY, list)).toEqual(want);
  expect(parts(VERSION, ...BEFORE_KEY, KEY, "810100", "820100", list)).toEqual(want);
  expect(parts(VERSION, ...BEFORE_KEY, KEY)).toEqual({ ...want, extensions: [] });
});

const ONE = extension("551d1e");
test.each<[string, string[]]>([
  ["without a key", BEFORE_KEY],
  ["with a part of open length before its key", [VERSION, "30800000", ...BEFORE_KEY.slice(1), KEY]],
  ["with a part of open length behind its key", [VERSION, ...BEFORE_KEY, KEY, "a3800000"]],
  ["with more parts than there are", [VERSION, ...BEFORE_KEY, KEY, ...Array(5).fill("810100")]],
  [
    "with an extension of open length",
    [VERSION, ...BEFORE_KEY, KEY, extensions(ONE, "30800603551d1e04000000")],
  ],
  ["with an extension without identifier", [VERSION, ...BEFORE_KEY, KEY, extensions("30020400")]],
  ["with an extension that is none", [VERSION, ...BEFORE_KEY, KEY, extensions("0500")]],
  ["with 65 extensions", [VERSION, ...BEFORE_KEY, KEY, extensions(...Array(65).fill(ONE))]],
  ["with extensions that are no list", [VERSION, ...BEFORE_KEY, KEY, element("a3", "0500")]],
])("a certificate %s cannot be read", (_, toBeSigned) => {
  expect(parts(...toBeSigned)).toBeUndefined();
});

test("64 extensions can", () => {
  const list = extensions(...Array(64).fill(ONE));
  expect(parts(VERSION, ...BEFORE_KEY, KEY, list)?.extensions).toHaveLength(64);
});

test.each(["", "3000", "300230", "31020500"])("%s is none", (hex) => {
  expect(certificateParts(Buffer.from(hex, "hex"))).toBeUndefined();
});
