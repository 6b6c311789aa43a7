import { type AddressInfo, createServer } from "node:net";
import { createServer as createTlsServer, type Server } from "node:tls";
import { afterEach, expect, test } from "@jest/globals";
import { carryOut } from "../certificate/certificates.ts";
import { certificateEnds } from "./certificate-ends.ts";

const DNS_NAME = "webhook.system.svc";
const LIFETIME = 90 * 24 * 60 * 60 * 1_000;

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

const certificates = (dnsName = DNS_NAME) =>
  carryOut("create", { data: {}, dnsName, now: Date.now() });

/** Where a server presents a certificate for this name, and the authority that signed it. */
async function presented(dnsName: string): Promise<{ port: number; authorities: string }> {
  const data = await certificates(dnsName);
  server = createTlsServer({ key: data["tls.key"], cert: data["tls.crt"] });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, authorities: data["ca.crt"] };
}

test("when a trusted certificate ends", async () => {
  const { port, authorities } = await presented(DNS_NAME);
  const end = await certificateEnds({ host: "127.0.0.1", port, dnsName: DNS_NAME, authorities });
  expect(Math.abs(end.getTime() - Date.now() - LIFETIME)).toBeLessThan(60_000);
});

test("one that another authority has signed, or for another name, is not trusted", async () => {
  const { port } = await presented(DNS_NAME);
  const { "ca.crt": others } = await certificates();
  const host = "127.0.0.1";
  await expect(
    certificateEnds({ host, port, dnsName: DNS_NAME, authorities: others }),
  ).rejects.toThrow(/^No trusted certificate is presented at 127\.0\.0\.1:\d+: unable to verify/);
  server?.close();
  const other = await presented("other.system.svc");
  await expect(certificateEnds({ host, dnsName: DNS_NAME, ...other })).rejects.toThrow(
    "does not match certificate's altnames",
  );
});

test("a port on which nobody listens", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const { "ca.crt": authorities } = await certificates();
  await expect(
    certificateEnds({ host: "127.0.0.1", port, dnsName: DNS_NAME, authorities }),
  ).rejects.toThrow("ECONNREFUSED");
});
