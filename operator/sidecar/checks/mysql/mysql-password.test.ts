import {
  constants,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { clearPassword, encryptedPassword, proof } from "./mysql-password.ts";
import { CHALLENGE, publicKeyOf } from "./testing/fake-mysql.ts";

/** As mysql2 3.24.6 computes them for the same challenge. */
describe.each([
  {
    password: "a password",
    native: "ba6c8757a52e26e192df743dcb39d0686c94b761",
    sha2: "aeb8609a73bd72622cd9d61d3b600a28d10b8ae4aa73a89ed055a134dd79fb3d",
    masked: "00421305161510071b0e6b",
  },
  {
    password: "pässwörd ✓",
    native: "b141e9242810abe84c4ef37e387bfced2677f7f2",
    sha2: "d12cc07ea6cc34072e5756d30d30fad0813958c71cc1db34659bb54698d54b69",
    masked: "11a1c7171611a4de1b0e4b8ef1fd6f",
  },
])("the password $password", ({ password, native, sha2, masked }) => {
  test("mysql_native_password", () => {
    expect(proof("mysql_native_password", password, CHALLENGE)?.toString("hex")).toBe(native);
  });

  test("caching_sha2_password", () => {
    expect(proof("caching_sha2_password", password, CHALLENGE)?.toString("hex")).toBe(sha2);
  });

  test("encrypted with the server's key", () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const encrypted = encryptedPassword(password, { challenge: CHALLENGE, pem: pem(publicKey) });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const text = privateDecrypt({ key: privateKey, padding }, encrypted ?? Buffer.alloc(0));
    expect(text.toString("hex")).toBe(masked);
  });
});

test("an empty password has an empty proof", () => {
  expect(proof("mysql_native_password", "", CHALLENGE)).toEqual(Buffer.alloc(0));
  expect(proof("caching_sha2_password", "", CHALLENGE)).toEqual(Buffer.alloc(0));
});

test("the password in clear ends with a NUL", () => {
  expect(clearPassword("p")).toEqual(Buffer.from("p\0"));
});

test.each(["client_ed25519", "mysql_clear_password", "constructor", ""])(
  "%j is not known",
  (plugin) => {
    expect(proof(plugin, "p", CHALLENGE)).toBeUndefined();
  },
);

test("a password that the key is too short for", () => {
  const key = { challenge: CHALLENGE, pem: publicKeyOf(2_048) };
  expect(encryptedPassword("x".repeat(213), key)).toHaveLength(256);
  expect(encryptedPassword("x".repeat(214), key)).toBeUndefined();
});

test.each([
  [2_040, undefined],
  [2_048, 256],
  [4_096, 512],
  [4_104, undefined],
])("a key of %d bits: %s bytes", (modulusLength, length) => {
  const key = { challenge: CHALLENGE, pem: publicKeyOf(modulusLength) };
  const encrypted = encryptedPassword("p", key);
  expect(encrypted?.length).toBe(length);
});

/** What a server could send in place of its key; OpenSSL takes seconds for some kinds of private keys. */
describe("sent as the key, it is never handed to OpenSSL or not used:", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const fit = pem(publicKey).toString();

  test.each<[string, string]>([
    ["a private key", exported(privateKey, "pkcs8")],
    ["a private key of the older form", exported(privateKey, "pkcs1")],
    ["a public key of the older form", exported(publicKey, "pkcs1")],
    ["a private key that is called public", renamed(exported(privateKey, "pkcs8"))],
    [
      "a key on another kind of numbers",
      pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey).toString(),
    ],
    ["an RSA key that names its kind otherwise", withoutNull(publicKey)],
    ["a key and another one", fit + fit],
    ["a text before the key", `x\n${fit}`],
    ["a text behind the key", `${fit}x\n`],
    ["a key with kilobytes of space", fit + "\n".repeat(4_096)],
    ["no key", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"],
    ["nothing", ""],
  ])("%s", (_, text) => {
    const key = { challenge: CHALLENGE, pem: Buffer.from(text) };
    expect(encryptedPassword("p", key)).toBeUndefined();
  });

  test.each(["", "\n", "\r\n"])("the key alone is used, with %j behind it", (end) => {
    const key = { challenge: CHALLENGE, pem: Buffer.from(fit.trimEnd() + end) };
    expect(encryptedPassword("p", key)).toHaveLength(256);
  });

  test("a key with line ends of Windows is used", () => {
    const key = { challenge: CHALLENGE, pem: Buffer.from(fit.replaceAll("\n", "\r\n")) };
    expect(encryptedPassword("p", key)).toHaveLength(256);
  });

  test.each([
    [1, 256],
    [3, 256],
    [8, 256],
    [9, undefined],
    [255, undefined],
  ])("a key with an exponent of %d bytes: %s bytes", (bytes, length) => {
    const e = Buffer.alloc(bytes, 0x7f).toString("base64url");
    const wide = createPublicKey({
      key: { ...publicKey.export({ format: "jwk" }), e },
      format: "jwk",
    });
    const key = { challenge: CHALLENGE, pem: pem(wide) };
    expect(encryptedPassword("p", key)?.length).toBe(length);
  });
});

function exported(key: KeyObject, type: "pkcs1" | "pkcs8"): string {
  return key.export({ type: type as "pkcs1", format: "pem" }) as string;
}

/** OpenSSL takes it; the length of the whole and that of the algorithm are two less. */
function withoutNull(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" });
  const algorithm = Buffer.from("300b06092a864886f70d010101", "hex");
  const rest = Buffer.concat([algorithm, der.subarray(19)]);
  const head = Buffer.from([0x30, 0x82, rest.length >> 8, rest.length % 256]);
  const base64 = Buffer.concat([head, rest]).toString("base64");
  return `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
}

function renamed(text: string): string {
  return text.replaceAll("PRIVATE KEY", "PUBLIC KEY");
}

function pem(key: KeyObject): Buffer {
  return Buffer.from(key.export({ type: "spki", format: "pem" }) as string);
}
