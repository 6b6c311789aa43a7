import { X509Certificate } from "node:crypto";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import {
  type CertificateData,
  type CertificatePlan,
  certificateExpiry,
  certificatePlan,
  splitBundle,
} from "./certificate-plan.ts";
import { carryOut } from "./certificates.ts";
import {
  BACKDATE_MILLISECONDS,
  CA_LIFETIME_MILLISECONDS,
  LEAF_LIFETIME_MILLISECONDS,
} from "./lifetimes.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const NAME = "healthpolicy-webhook.healthpolicy-system.svc";
const NOW = Date.now();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let created: CertificateData;

beforeAll(async () => {
  created = await carryOut("create", { data: {}, dnsName: NAME, now: NOW });
});

function actionAt(data: Partial<CertificateData>, now: number): CertificatePlan["action"] {
  return certificatePlan(data, NAME, now).action;
}

/** Does what the plan says; fails when it says to keep. */
async function step(data: CertificateData, now: number): Promise<CertificateData> {
  const { action } = certificatePlan(data, NAME, now);
  if (action === "keep") throw new Error("nothing to do");
  return carryOut(action, { data, dnsName: NAME, now });
}

/** Whether a client that trusts `ca` under our name accepts a server with this certificate. */
async function handshake(server: CertificateData, ca: string): Promise<string> {
  const listener = https.createServer(
    { key: server["tls.key"], cert: server["tls.crt"] },
    (_, response) => response.end("hello"),
  );
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  try {
    return await new Promise<string>((resolve, reject) => {
      https
        .get({ host: "127.0.0.1", port, ca, servername: NAME, agent: false }, (response) => {
          response.resume();
          resolve(`${response.statusCode}`);
        })
        .on("error", reject);
    });
  } finally {
    listener.closeAllConnections();
    listener.close();
  }
}

describe("create", () => {
  test("a client that trusts the bundle accepts the certificate under the Service's name", async () => {
    expect(await handshake(created, created["ca.crt"])).toBe("200");
  });

  test("P-256, for servers only, valid from before now", () => {
    const leaf = new X509Certificate(created["tls.crt"]);
    expect(leaf.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: "prime256v1" });
    expect(leaf.checkHost(NAME)).toBe(NAME);
    expect(leaf.checkHost("other.svc")).toBeUndefined();
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(Date.parse(leaf.validFrom)).toBeLessThan(NOW - 9 * MINUTE);
    expect(new X509Certificate(created["ca.crt"]).ca).toBe(true);
  });

  test("no other client accepts it", async () => {
    const other = await carryOut("create", { data: {}, dnsName: NAME, now: NOW });
    await expect(handshake(created, other["ca.crt"])).rejects.toThrow();
  });

  test("for whatever cannot be used", async () => {
    const other = await carryOut("create", { data: {}, dnsName: NAME, now: NOW });
    const broken: Partial<CertificateData>[] = [
      {},
      { ...created, "tls.crt": "no PEM" },
      { ...created, "tls.key": other["tls.key"] },
      { ...created, "ca.key": other["ca.key"] },
      { ...created, "ca.crt": other["ca.crt"], "ca.key": other["ca.key"] },
      { ...created, "ca.crt": "" },
    ];
    expect(broken.map((data) => actionAt(data, NOW))).toEqual(broken.map(() => "create"));
    expect(actionAt(created, NOW + CA_LIFETIME_MILLISECONDS + DAY)).toBe("create");
  });
});

describe("renew", () => {
  test("kept until a third of its life is left", () => {
    expect(actionAt(created, NOW)).toBe("keep");
    expect(actionAt(created, NOW + (LEAF_LIFETIME_MILLISECONDS * 2) / 3 - DAY)).toBe("keep");
    expect(actionAt(created, NOW + (LEAF_LIFETIME_MILLISECONDS * 2) / 3 + DAY)).toBe("renew-leaf");
    expect(actionAt(created, NOW + LEAF_LIFETIME_MILLISECONDS + DAY)).toBe("renew-leaf");
  });

  test("a certificate has expired at its end, and an authority at its own", () => {
    const [authorityEnd, end] = (["ca.crt", "tls.crt"] as const).map((key) =>
      Date.parse(new X509Certificate(created[key]).validTo),
    ) as [number, number];
    expect(certificatePlan(created, NAME, end)).toEqual({
      action: "renew-leaf",
      reason: "the certificate has expired",
    });
    expect(certificatePlan(created, NAME, authorityEnd)).toEqual({
      action: "create",
      reason: "the authority has expired",
    });
  });

  test("gives a new key under the same authority", async () => {
    const later = NOW + 80 * DAY;
    const renewed = await step(created, later);
    expect(renewed["ca.crt"]).toBe(created["ca.crt"]);
    expect(renewed["tls.key"]).not.toBe(created["tls.key"]);
    expect(certificateExpiry(renewed)).toBeGreaterThan(later + 89 * DAY);
    expect(actionAt(renewed, later)).toBe("keep");
  });

  test("when the Service has another name", () => {
    expect(certificatePlan(created, "other.elsewhere.svc", NOW)).toMatchObject({
      action: "renew-leaf",
    });
  });

  test("no certificate outlives its authority", async () => {
    const late = NOW + CA_LIFETIME_MILLISECONDS - DAY;
    const renewed = await carryOut("renew-leaf", { data: created, dnsName: NAME, now: late });
    const end = Date.parse(new X509Certificate(renewed["ca.crt"]).validTo);
    expect(certificateExpiry(renewed)).toBeLessThanOrEqual(end);
  });
});

describe("rotation of the authority", () => {
  test("overlaps: at every step, who has seen the last one trusts what is served", async () => {
    const start = NOW + (CA_LIFETIME_MILLISECONDS * 2) / 3 + 2 * DAY;
    const fresh = await carryOut("renew-leaf", { data: created, dnsName: NAME, now: start - DAY });
    expect(actionAt(fresh, start)).toBe("rotate-ca");

    const rotated = await step(fresh, start);
    expect(splitBundle(rotated["ca.crt"])).toHaveLength(2);
    expect(rotated["tls.crt"]).toBe(fresh["tls.crt"]);
    expect(actionAt(rotated, start + 9 * MINUTE)).toBe("keep");

    const afterTrust = start + 11 * MINUTE;
    expect(actionAt(rotated, afterTrust)).toBe("renew-leaf");
    const renewed = await step(rotated, afterTrust);
    expect(renewed["ca.crt"]).toBe(rotated["ca.crt"]);
    // A replica that still serves the old certificate, and one that serves the new one.
    const [authority = ""] = splitBundle(renewed["ca.crt"]);
    expect(
      new X509Certificate(renewed["tls.crt"]).checkIssued(new X509Certificate(authority)),
    ).toBe(true);
    expect(actionAt(renewed, afterTrust + 59 * MINUTE)).toBe("keep");

    const afterServe = afterTrust + 61 * MINUTE;
    expect(actionAt(renewed, afterServe)).toBe("drop-old-ca");
    const dropped = await step(renewed, afterServe);
    expect(splitBundle(dropped["ca.crt"])).toEqual([authority.trim()]);
    expect(dropped["tls.crt"]).toBe(renewed["tls.crt"]);
    expect(actionAt(dropped, afterServe)).toBe("keep");
  });

  test("its waits are over at their end", async () => {
    const madeAt = (pem = "") =>
      Date.parse(new X509Certificate(pem).validFrom) + BACKDATE_MILLISECONDS;
    const rotated = await carryOut("rotate-ca", { data: created, dnsName: NAME, now: NOW });
    const [authority] = splitBundle(rotated["ca.crt"]);
    const trusted = madeAt(authority) + 10 * MINUTE;
    expect(actionAt(rotated, trusted - 1)).toBe("keep");
    expect(actionAt(rotated, trusted)).toBe("renew-leaf");
    const renewed = await step(rotated, trusted);
    const served = madeAt(renewed["tls.crt"]) + 60 * MINUTE;
    expect(actionAt(renewed, served - 1)).toBe("keep");
    expect(actionAt(renewed, served)).toBe("drop-old-ca");
  });

  test("waits for a certificate that is of no use any more", async () => {
    const due = NOW + (CA_LIFETIME_MILLISECONDS * 2) / 3 + 2 * DAY;
    expect(actionAt(created, due)).toBe("renew-leaf");
    const renewed = await step(created, due);
    expect(actionAt(renewed, due)).toBe("rotate-ca");
    const rotated = await step(renewed, due);
    expect(actionAt(rotated, due)).toBe("keep");
    // Nor is a certificate for another name kept until the new authority is trusted.
    expect(certificatePlan(rotated, "other.elsewhere.svc", due).action).toBe("renew-leaf");
  });

  test("handshakes succeed with the bundle of two and either certificate", async () => {
    const rotated = await carryOut("rotate-ca", { data: created, dnsName: NAME, now: NOW });
    const renewed = await carryOut("renew-leaf", { data: rotated, dnsName: NAME, now: NOW });
    expect(await handshake(created, rotated["ca.crt"])).toBe("200");
    expect(await handshake(renewed, rotated["ca.crt"])).toBe("200");
    await expect(handshake(renewed, created["ca.crt"])).rejects.toThrow();
  });
});
