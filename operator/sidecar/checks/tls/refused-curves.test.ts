import { createECDH, generateKeyPairSync } from "node:crypto";
import { expect, test } from "@jest/globals";
import { hasRefusedCurve, refusedCurveSearch } from "./refused-curves.ts";

const publicKeyOn = (namedCurve: string) =>
  generateKeyPairSync("ec", { namedCurve }).publicKey.export({ type: "spki", format: "der" });

test("points of which one coordinate is missing are on no other curves", () => {
  const key = createECDH("sect571r1");
  key.generateKeys();
  const uncompressed = publicKeyOn("sect571r1");
  const point = key.getPublicKey(null, "compressed");
  expect(hasRefusedCurve(Buffer.concat([uncompressed.subarray(0, -143), point]))).toBe(true);
});

test.each(["2a8648ce3d0101", "2a8648ce3d0102", "2a8648ce3d020106052b81040027"])(
  "%s is found wherever it is cut",
  (hex) => {
    const bytes = Buffer.from(`00${hex}00`, "hex");
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const search = refusedCurveSearch();
      const found = [search(bytes.subarray(0, cut)), search(bytes.subarray(cut))];
      expect(found).toContain(true);
    }
    const oneByOne = refusedCurveSearch();
    expect([...bytes].map((byte) => oneByOne(Buffer.of(byte)))).toContain(true);
  },
);

test("keys on curves that are not refused are not found, wherever they are cut", () => {
  for (const curve of ["prime256v1", "secp384r1", "secp521r1"]) {
    const key = publicKeyOn(curve);
    expect(hasRefusedCurve(key)).toBe(false);
    const oneByOne = refusedCurveSearch();
    expect([...key].map((byte) => oneByOne(Buffer.of(byte)))).not.toContain(true);
  }
});
