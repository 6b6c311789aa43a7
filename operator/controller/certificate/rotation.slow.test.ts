/**
 * The life of the webhook's certificates on a virtual clock: an API server that learns of authorities late, and
 * replicas that serve a new certificate late. At no moment may the one not trust what the other shows.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, jest, test } from "@jest/globals";
import type { CertificateRecord } from "../caches.ts";
import type { ApplyOptions, KubeClient } from "../kube/kube-client.ts";
import { writeCertificate } from "./apply-certificate.ts";
import { type CertificateData, splitBundle, trustedAuthorities } from "./certificate-plan.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(60_000);

const NAME = "healthpolicy-webhook.healthpolicy-system.svc";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
/** The configuration is written every minute, and read from a watch. */
const TRUST_LAG = 5 * MINUTE;
/** A replica whose watch is broken learns of a new certificate only when it lists anew. */
const SERVE_LAG = 45 * MINUTE;

/** What has been written, and is seen by others later. */
interface Written<T> {
  at: number;
  value: T;
}

function asSeenAt<T>(history: Written<T>[], moment: number): T | undefined {
  return history.findLast(({ at }) => at <= moment)?.value;
}

/** A Secret, and who writes it: a leader whose clock is `skew` milliseconds ahead of everybody's. */
function openInstallation(start: number) {
  let now = start;
  let skew = 0;
  let record: CertificateRecord = { resourceVersion: "0", data: {} };
  const secrets: Written<CertificateData>[] = [];
  const actions: string[] = [];

  async function apply({ object }: ApplyOptions): Promise<unknown> {
    const { data } = object as { data: Record<string, string> };
    const value = Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]),
    ) as unknown as CertificateData;
    secrets.push({ at: now, value });
    record = { resourceVersion: String(secrets.length), data: value };
    return object;
  }

  const options = {
    client: { apply } as unknown as KubeClient,
    settings: {
      namespace: "healthpolicy-system",
      certificateSecret: "certificate",
      clusterRole: "operator",
    },
    dnsName: NAME,
    log: { info: ({ action }: { action: string }) => actions.push(action) } as never,
  };

  return {
    actions,
    /** What has been written, the oldest first. */
    secrets,
    setSkew: (milliseconds: number) => {
      skew = milliseconds;
    },
    now: () => now,
    rotates: () => splitBundle(record.data["ca.crt"] ?? "").length > 1,

    /** Time passes, and the leader looks. */
    pass: async (milliseconds: number): Promise<void> => {
      now += milliseconds;
      await writeCertificate(options, record, now + skew);
    },

    /** Whether an API server that is up to date trusts a replica that is. */
    trusts: () => trusts(secrets.at(-1)?.value, secrets.at(-1)?.value, now),
    /** Whether each trusts each other, be they up to date or late. */
    allTrust: () => {
      const late = [
        asSeenAt(secrets, now - TRUST_LAG) ?? secrets[0]?.value,
        asSeenAt(secrets, now - SERVE_LAG) ?? secrets[0]?.value,
      ] as const;
      const current = secrets.at(-1)?.value;
      return [late[0], current].every((told) =>
        [late[1], current].every((served) => trusts(told, served, now)),
      );
    },
  };
}

/** As an API server decides: by the authority that has signed, and by its own clock. */
function trusts(
  told: CertificateData | undefined,
  served: CertificateData | undefined,
  now: number,
): boolean {
  const leaf = new X509Certificate(served?.["tls.crt"] ?? "");
  const isValid = ({ validFrom, validTo }: X509Certificate) =>
    Date.parse(validFrom) <= now && now < Date.parse(validTo);
  const signing = splitBundle(trustedAuthorities(told ?? {}) ?? "")
    .map((pem) => new X509Certificate(pem))
    .find((authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
  return signing !== undefined && isValid(signing) && isValid(leaf) && !!leaf.checkHost(NAME);
}

test("over eight years no API server meets a replica that it does not trust, however late either is", async () => {
  const installation = openInstallation(Date.UTC(2026, 0, 1));
  await installation.pass(0);
  const end = installation.now() + 8 * YEAR;
  const distrusted: string[] = [];
  let calm = 0;
  while (installation.now() < end) {
    // In steps of two minutes while authorities overlap and until the last who is late has seen their end.
    calm = installation.rotates() ? 0 : calm + 1;
    await installation.pass(calm > 30 ? 10 * DAY : 2 * MINUTE);
    if (calm > 30 && installation.rotates()) calm = 0;
    if (!installation.allTrust()) distrusted.push(new Date(installation.now()).toISOString());
  }
  expect(distrusted).toStrictEqual([]);
  const count = (action: string) => installation.actions.filter((one) => one === action).length;
  expect([count("create"), count("rotate-ca"), count("drop-old-ca")]).toStrictEqual([1, 2, 2]);
  // Each 60 to 70 days, and once in each rotation.
  expect(count("renew-leaf")).toBeGreaterThan((8 * 365) / 70);
});

test.each([
  ["a day", DAY],
  ["five months", 150 * DAY],
  ["seven years", 7 * YEAR],
])(
  "a leader whose clock is %s ahead is the end of trust only until its clock is set right",
  async (_, ahead) => {
    const installation = openInstallation(Date.UTC(2026, 0, 1));
    await installation.pass(0);
    await installation.pass(DAY);
    installation.setSkew(ahead);
    for (let look = 0; look < 120; look += 1) await installation.pass(MINUTE);
    installation.setSkew(0);
    await installation.pass(MINUTE);
    expect(installation.trusts()).toBe(true);
    for (let look = 0; look < 120; look += 1) {
      await installation.pass(MINUTE);
      expect(installation.trusts()).toBe(true);
    }
  },
);

test.each([
  ["a certificate's life", 100 * DAY, "renew-leaf"],
  ["an authority's life", 6 * YEAR, "create"],
])(
  "an operator that wakes after %s has a certificate at its first look",
  async (_, pause, action) => {
    const installation = openInstallation(Date.UTC(2026, 0, 1));
    await installation.pass(0);
    await installation.pass(pause);
    expect(installation.actions).toStrictEqual(["create", action]);
    expect(installation.trusts()).toBe(true);
  },
);

test("every Secret that a rotation writes holds the key of its certificate", async () => {
  const installation = openInstallation(Date.UTC(2026, 0, 1));
  await installation.pass(0);
  for (let step = 0; step < 400 && installation.actions.at(-1) !== "drop-old-ca"; step += 1) {
    await installation.pass(installation.rotates() ? 5 * MINUTE : 10 * DAY);
  }
  expect(installation.actions.at(-1)).toBe("drop-old-ca");
  for (const { value } of installation.secrets) {
    const leaf = new X509Certificate(value["tls.crt"]);
    expect(leaf.checkPrivateKey(createPrivateKey(value["tls.key"]))).toBe(true);
  }
});
