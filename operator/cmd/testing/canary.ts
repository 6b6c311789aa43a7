/** Test fixture: a password that nothing else says, and the traces by which it is known in any text. */
import { createHash } from "node:crypto";

/** Long enough, and of letters and digits alone, so that no way to escape text changes one. */
const PARTS = ["xk7canary", "wz9warbler"] as const;

/** The password. Between its parts is what URLs, JSON, shells and SQL escape each in its own way. */
export const CANARY = `${PARTS[0]}/+ %@:'"\\?${PARTS[1]}`;
/** The password as a connection string has it. */
export const CANARY_IN_URL = encodeURIComponent(CANARY);
/** Who logs in with it: PostgreSQL hashes both together. */
export const CANARY_USER = "shop";

/** The characters of base64 that depend on these bytes alone, wherever they begin in a group of three. */
function base64At(offset: number, bytes: Buffer): string {
  const before = Buffer.alloc(offset);
  const whole = Math.floor(((offset + bytes.length) * 8) / 6);
  return Buffer.concat([before, bytes])
    .toString("base64")
    .slice(Math.ceil((offset * 8) / 6), whole);
}

/** Every way in which programs write bytes down, by its name. */
function formsOf(text: string): [string, string][] {
  const bytes = Buffer.from(text);
  const hex = (separator: string, prefix = "") =>
    [...bytes].map((byte) => prefix + byte.toString(16)).join(separator);
  return [
    [`"${text}"`, text],
    [`"${text}" in UTF-16`, [...text].join("\0")],
    [`"${text}" in hexadecimal`, hex("")],
    [`"${text}" in hexadecimal, with spaces`, hex(" ")],
    [`"${text}" in percent escapes`, hex("", "%")],
    [`"${text}" in decimal`, [...bytes].join(",")],
    ...[0, 1, 2].map((offset): [string, string] => [
      `"${text}" in base64`,
      base64At(offset, bytes),
    ]),
  ];
}

/** What servers keep or hear instead of a password, from which a weak one is found out. */
function hashes(): [string, string][] {
  const sha1 = createHash("sha1").update(CANARY).digest();
  return [
    ["its MD5", createHash("md5").update(CANARY).digest("hex")],
    ["PostgreSQL's MD5", createHash("md5").update(`${CANARY}${CANARY_USER}`).digest("hex")],
    ["its SHA-1", sha1.toString("hex")],
    ["MySQL's SHA-1", createHash("sha1").update(sha1).digest("hex")],
    ["its SHA-256", createHash("sha256").update(CANARY).digest("hex")],
  ];
}

const TRACES = [...PARTS.flatMap(formsOf), ...hashes()].map(
  ([name, trace]) => [name, trace.toLowerCase()] as const,
);

/** base64 for URLs has two other characters. */
const plainBase64 = (text: string) => text.replaceAll("-", "+").replaceAll("_", "/");

/**
 * What a text gives away of the password: a name for each trace that is in it, none where it keeps it. Half of the
 * password is enough, in upper or lower case.
 */
export function tracesOfCanary(text: string): string[] {
  const lower = text.toLowerCase();
  const texts = [lower, plainBase64(lower)];
  const found = TRACES.filter(([, trace]) => texts.some((searched) => searched.includes(trace)));
  return [...new Set(found.map(([name]) => name))];
}
