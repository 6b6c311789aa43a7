import { beforeEach, expect, test } from "@jest/globals";
import type { CacheChange, CertificateRecord } from "../caches.ts";
import { serveCertificate } from "./serve-certificate.ts";

const FIRST = { "tls.key": "key 1", "tls.crt": "certificate 1" };
const SECOND = { "tls.key": "key 2", "tls.crt": "certificate 2" };

let record: CertificateRecord | undefined;
let served: object[];
/** Whether the server can use none. */
let refuses: boolean;
let lines: [level: string, text: string][];
let listeners: ((change: CacheChange) => void)[];

beforeEach(() => {
  record = undefined;
  served = [];
  refuses = false;
  lines = [];
  listeners = [];
});

const serve = () =>
  serveCertificate({
    caches: {
      certificate: () => record,
      subscribe: (listener) => {
        listeners.push(listener);
        return () => {};
      },
    },
    setCertificate: (certificate) => {
      if (refuses) throw new Error("PRIVATE KEY");
      served.push(certificate);
    },
    log: {
      info: (text: string) => lines.push(["info", text]),
      error: (text: string) => lines.push(["error", text]),
    } as never,
  });

function becomes(data: CertificateRecord["data"], kind = "certificate"): void {
  record = { resourceVersion: "1", data };
  for (const listener of listeners) listener({ kind } as CacheChange);
}

test("what is in the Secret already is served at once, and each that comes after it", () => {
  record = { resourceVersion: "1", data: FIRST };
  const isServed = serve();
  expect(isServed()).toBe(true);
  becomes(SECOND);
  expect(served).toStrictEqual([
    { key: "key 1", cert: "certificate 1" },
    { key: "key 2", cert: "certificate 2" },
  ]);
  expect(lines).toStrictEqual(Array(2).fill(["info", "serving the certificate of the Secret"]));
});

test.each([{}, { "tls.key": "key" }, { "tls.crt": "certificate" }, { ...FIRST, "tls.key": "" }])(
  "of %j nothing is served",
  (data) => {
    const isServed = serve();
    becomes(data);
    expect(served).toStrictEqual([]);
    expect(isServed()).toBe(false);
  },
);

test("other changes are no reason to serve it again", () => {
  serve();
  becomes(FIRST, "policy");
  expect(served).toStrictEqual([]);
});

test("one that cannot be used is told without a word of it, and leaves the one before", () => {
  refuses = true;
  const isServed = serve();
  becomes(FIRST);
  expect(isServed()).toBe(false);
  expect(lines).toStrictEqual([["error", "the certificate in the Secret cannot be used"]]);
  refuses = false;
  becomes(SECOND);
  refuses = true;
  becomes(FIRST);
  expect(isServed()).toBe(true);
});
