/** resolv.conf and the hosts file come from the pod's owner, answers from whoever can send to a port. */
import { isIP } from "node:net";
import { expect } from "@jest/globals";
import fc from "fast-check";
import { fuzz } from "../../../../test/fuzz/fuzz.ts";
import { strangeText } from "../../../../test/fuzz/strange-text.ts";
import { encodeQuery, MAX_ADDRESSES, parseReply } from "./dns-message.ts";
import { addressesInHosts, candidateNames, parseResolvConf } from "./resolv-conf.ts";

const WORDS = [
  ...["nameserver", "search", "domain", "options", "sortlist", " ", "\t", "\n", "\r\n", "#", ";"],
  ...["ndots:", "ndots:5", "ndots:999", "use-vc", "10.0.0.10", "fe80::1%eth0", "::1", "300.1.1.1"],
  ...[
    "svc.cluster.local",
    "cluster.local.",
    ".",
    "..",
    "localhost",
    "db",
    "\u0000",
    "日本",
    "x".repeat(70),
  ],
];

fuzz("any resolv.conf names one to three servers and completes a name a bounded number of times", {
  input: fc.tuple(strangeText(WORDS, 60), strangeText(["a", ".", "db", "-", "_"], 6)),
  runs: 300,
  holds: ([text, host]) => {
    const settings = parseResolvConf(text);
    expect(settings.servers.length).toBeGreaterThanOrEqual(1);
    expect(settings.servers.length).toBeLessThanOrEqual(3);
    expect(settings.servers.every((server) => isIP(server) !== 0)).toBe(true);
    expect(settings.ndots).toBeGreaterThanOrEqual(0);
    expect(settings.ndots).toBeLessThanOrEqual(15);
    expect(settings.domains.length).toBeLessThanOrEqual(32);
    const names = candidateNames(host, settings);
    expect(names.length).toBeLessThanOrEqual(33);
    expect(names.some((name) => name === host.replace(/\.$/, ""))).toBe(true);
    for (const name of names) {
      // What cannot be a question is none, and no error either.
      const query = encodeQuery(1, name, "A");
      expect(query === undefined || query.length <= 512).toBe(true);
    }
  },
});

fuzz("any hosts file gives addresses alone", {
  input: strangeText([...WORDS, "127.0.0.1 db\n", "::1 DB db.\n"], 30),
  runs: 200,
  holds: (text) => {
    expect(addressesInHosts(text, "db").every((address) => isIP(address) !== 0)).toBe(true);
  },
});

const QUERY = encodeQuery(7, "db.example", "AAAA") ?? Buffer.alloc(0);
/** The beginning of a right answer: number, flags, one question and so many records. */
const HEAD = Buffer.concat([
  Buffer.from([0, 7, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0]),
  QUERY.subarray(12),
]);
const RECORD = Buffer.from([0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 9, 0, 16, ...Array(16).fill(1)]);

const part = fc.oneof(
  fc.constantFrom(RECORD, RECORD.subarray(0, 11), Buffer.from([0xc0, 12]), Buffer.alloc(70, 70)),
  fc.uint8Array({ maxLength: 30 }),
);
const change = fc.tuple(fc.nat(), fc.nat(255));

fuzz("any answer of a name server is an answer or none, with few addresses", {
  input: fc.tuple(fc.array(part, { maxLength: 40 }), fc.array(change, { maxLength: 3 })),
  runs: 300,
  holds: ([parts, changes]) => {
    const message = Buffer.concat([HEAD, ...parts]);
    for (const [at, byte] of changes) message[at % message.length] = byte;
    const reply = parseReply(message, QUERY);
    if (reply === undefined) return;
    expect(["found", "none", "absent", "failed"]).toContain(reply.outcome);
    expect(reply.addresses.length).toBeLessThanOrEqual(MAX_ADDRESSES);
    expect(reply.addresses.every((address) => isIP(address) === 6)).toBe(true);
    expect(reply.ttlSeconds).toBeGreaterThanOrEqual(0);
  },
});
