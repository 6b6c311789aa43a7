/** Which TLS the webhook speaks, and how its certificate is exchanged. */
import { afterEach, describe, expect, test } from "@jest/globals";
import { RSA_2048, testCertificate } from "./testing/certificate.ts";
import { postReview, reviewOf } from "./testing/client.ts";
import { POD, runningWebhooks } from "./testing/running-webhooks.ts";

const { certificates, start, openConnection, keptOpen, close } = runningWebhooks();
afterEach(close);

describe("TLS", () => {
  test("below 1.2 is refused, before and after a new certificate", async () => {
    const { webhook, target } = await start();
    const [, second] = await certificates;
    await expect(openConnection(target, { maxVersion: "TLSv1.1" })).rejects.toMatchObject({
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    });
    webhook.setCertificate(second);
    await expect(
      openConnection({ ...target, ca: second.ca }, { maxVersion: "TLSv1.1" }),
    ).rejects.toMatchObject({
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    });
    expect(
      await openConnection({ ...target, ca: second.ca }, { maxVersion: "TLSv1.2" }),
    ).toMatchObject({
      protocol: "TLSv1.2",
    });
  });

  test("1.3, in which a client may change its key without end, is refused, before and after a new certificate", async () => {
    const { webhook, target } = await start();
    const [, second] = await certificates;
    const refused = { code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" };
    await expect(openConnection(target, { minVersion: "TLSv1.3" })).rejects.toMatchObject(refused);
    webhook.setCertificate(second);
    const renewed = { ...target, ca: second.ca };
    await expect(openConnection(renewed, { minVersion: "TLSv1.3" })).rejects.toMatchObject(refused);
    expect(await openConnection(renewed)).toMatchObject({ protocol: "TLSv1.2" });
  });

  const KEYS = [
    ["ECDSA", undefined],
    ["RSA", RSA_2048],
  ] as const;
  const suitesOf = (key: string, suites: string[]) =>
    suites.map((suite) => suite.replace("KEY", key));

  describe.each(KEYS)("with a certificate of %s", (key, algorithm) => {
    test.each(
      suitesOf(key, [
        "ECDHE-KEY-AES128-GCM-SHA256",
        "ECDHE-KEY-AES256-GCM-SHA384",
        "ECDHE-KEY-CHACHA20-POLY1305",
      ]),
    )("%s, as API servers offer it, is taken", async (ciphers) => {
      const certificate = await testCertificate(3, algorithm);
      const { target } = await start({ certificate });
      const { socket } = await openConnection({ ...target, ca: certificate.ca }, { ciphers });
      expect(socket.getCipher().name).toBe(ciphers);
    });

    test.each([
      ...suitesOf(key, ["ECDHE-KEY-AES128-SHA256", "ECDHE-KEY-AES128-SHA"]),
      ...(key === "RSA" ? ["AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"] : []),
    ])("%s is refused", async (ciphers) => {
      const certificate = await testCertificate(3, algorithm);
      const { target } = await start({ certificate });
      await expect(
        openConnection({ ...target, ca: certificate.ca }, { ciphers }),
      ).rejects.toMatchObject({ code: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE" });
    });
  });

  test.each(["P-521", "P-384", "X448", "ffdhe2048", "ffdhe3072"])(
    "%s, which takes a server long, is refused, before and after a new certificate",
    async (ecdhCurve) => {
      const { webhook, target } = await start();
      const [, second] = await certificates;
      const refused = { code: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE" };
      await expect(openConnection(target, { ecdhCurve })).rejects.toMatchObject(refused);
      webhook.setCertificate(second);
      const renewed = { ...target, ca: second.ca };
      await expect(openConnection(renewed, { ecdhCurve })).rejects.toMatchObject(refused);
    },
  );

  test.each(["X25519MLKEM768:X25519:P-256", "X25519:P-256", "P-256"])(
    "%s, as API servers know it, is taken",
    async (ecdhCurve) => {
      const { target } = await start();
      expect(await openConnection(target, { ecdhCurve })).toMatchObject({ protocol: "TLSv1.2" });
    },
  );

  test("another handshake ends the connection", async () => {
    const { target } = await start();
    const { socket } = await openConnection(target);
    const errors: unknown[] = [];
    socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code));
    const end = new Promise((resolve) => socket.on("close", resolve));
    socket.resume();
    socket.renegotiate({}, () => {});
    await end;
    // That would be the server's alert, with which it goes on to the next attempt.
    expect(errors).not.toContain("ERR_SSL_NO_RENEGOTIATION");
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  });

  test("serves a new certificate without a restart, and keeps open connections", async () => {
    const { webhook, target } = await start();
    const [, second] = await certificates;
    const kept = keptOpen(target);
    expect((await postReview(kept, reviewOf(POD))).response.allowed).toBe(true);
    expect((await openConnection(target)).serial).toBe("01");

    webhook.setCertificate(second);
    expect((await openConnection({ ...target, ca: second.ca })).serial).toBe("02");
    await expect(openConnection(target)).rejects.toThrow();
    expect((await postReview(kept, reviewOf(POD))).response.allowed).toBe(true);
  });

  test("goes on with the old certificate when the new one is none", async () => {
    const { webhook, target } = await start();
    const [first, second] = await certificates;
    expect(() => webhook.setCertificate({ key: "", cert: "no certificate" })).toThrow();
    expect(() => webhook.setCertificate({ key: first.key, cert: second.cert })).toThrow();
    expect((await openConnection(target)).serial).toBe("01");
  });

  test("begins once there is a certificate", async () => {
    const { webhook, target } = await start({ certificate: undefined });
    const [certificate] = await certificates;
    await expect(openConnection(target)).rejects.toThrow();
    webhook.setCertificate(certificate);
    expect((await postReview(target, reviewOf(POD))).response.allowed).toBe(true);
  });
});
