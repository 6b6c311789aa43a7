/** Which TLS the webhook speaks, and how its certificate is exchanged. */
import { afterEach, describe, expect, test } from "@jest/globals";
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

  test.each(["X25519MLKEM768", "X25519", "P-256"])(
    "%s, as API servers know it, is taken",
    async (ecdhCurve) => {
      const { target } = await start();
      expect(await openConnection(target, { ecdhCurve })).toMatchObject({ protocol: "TLSv1.3" });
    },
  );

  test("another handshake on the same connection is refused", async () => {
    const { target } = await start();
    const { socket } = await openConnection(target, { maxVersion: "TLSv1.2" });
    const outcome = new Promise((resolve) => {
      socket.renegotiate({}, resolve);
      socket.on("error", resolve);
    });
    expect(await outcome).toMatchObject({ code: "ERR_SSL_NO_RENEGOTIATION" });
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
