import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { HttpConfig } from "../../../api/policy-file.ts";
import { tcp } from "../tcp/tcp.ts";
import { createCertificates } from "../testing/certificates.ts";
import { eventually, leavingNothing, runCheck, SHORT } from "../testing/contract.ts";
import { http } from "./http.ts";
import { dependency, run } from "./testing/http-subject.ts";
import { type RealNginx, startNginx } from "./testing/real-nginx.ts";

const START_TIMEOUT = 60_000;
/** By when an answer has begun, in milliseconds, on a busy machine. */
const ANSWER_BEGINS = 500;

const certificates = createCertificates();
const stranger = createCertificates();
const AUTHORITIES: Record<string, string> = { right: certificates.ca, wrong: stranger.ca };

let nginx: RealNginx;
beforeAll(async () => {
  nginx = await startNginx(certificates.server("shop.example"));
}, START_TIMEOUT);
afterAll(() => nginx?.stop());

const ask = (config: Partial<HttpConfig>, checkTimeout?: number) =>
  run({ port: nginx.port, ...config }, checkTimeout);
const UP = { success: { tls: false } };

describe("real nginx", () => {
  test.each<[string, Partial<HttpConfig>]>([
    ["a body of a length", { path: "/plain" }],
    ["a body in chunks", { path: "/chunked.html" }],
    ["a body longer than a check reads", { path: "/large" }],
    ["HEAD", { path: "/large", method: "HEAD" }],
    ["the Host header that it knows", { hostHeader: "shop.example" }],
    [
      "a redirect that is expected",
      {
        path: "/redirect",
        expectedStatus: { minimum: 302, maximum: 302 },
      },
    ],
  ])("%s: up", async (_, config) => {
    expect(await ask(config)).toEqual(UP);
  });

  test.each<[string, Partial<HttpConfig>]>([
    ["a Host header that it does not know", { hostHeader: "other.example" }],
    ["its own address as the Host header", {}],
    ["a redirect", { path: "/redirect" }],
    ["a page that is missing", { path: "/missing" }],
    ["an app that starts behind it", { path: "/starting" }],
  ])("%s: InvalidResponse", async (_, config) => {
    expect(await ask(config)).toEqual({ reason: "InvalidResponse" });
  });

  test("no place left: InvalidResponse", async () => {
    const holder = connect(nginx.port, "127.0.0.1");
    holder.write("GET /full HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(holder, "data");
    expect(await ask({ path: "/full" })).toEqual({ reason: "InvalidResponse" });
    holder.destroy();
  });

  test("its log has the whole request, answered completely", async () => {
    await ask({ path: "/plain?by=healthpolicy" });
    const line = "GET /plain?by=healthpolicy HTTP/1.1 200 2 OK\n";
    expect(await eventually(() => nginx.accessLog().includes(line))).toBe(true);
  });

  test("a body that takes too long: CheckTimeout", async () => {
    expect(await ask({ path: "/slow" }, SHORT)).toEqual({ reason: "CheckTimeout" });
  });

  test("a stopped one accepts and is silent: CheckTimeout, for tcp up; then it works again", async () => {
    nginx.signal("SIGSTOP");
    try {
      expect(await ask({ path: "/plain" }, SHORT)).toEqual({ reason: "CheckTimeout" });
      expect(await connectAlone()).toEqual({ success: {} });
    } finally {
      nginx.signal("SIGCONT");
    }
    expect(await ask({ path: "/plain" })).toEqual(UP);
  });
});

describe("real nginx with TLS", () => {
  const verify = (key: string): HttpConfig["tls"] => ({
    mode: "VerifyFull",
    caSecret: { secretName: "tls", key },
  });
  const askTls = (config: Partial<HttpConfig>) =>
    leavingNothing(() =>
      runCheck(http, dependency({ port: nginx.tlsPort, hostHeader: "shop.example", ...config }), {
        readSecretKey: async ({ key }) => AUTHORITIES[key] ?? "",
      }),
    );

  test.each<[string, Partial<HttpConfig>, object]>([
    ["Require", { tls: { mode: "Require" } }, { success: { tls: true } }],
    [
      "a body longer than a check reads",
      { path: "/large", hostHeader: "any.example", tls: { mode: "Require" } },
      { success: { tls: true } },
    ],
    ["the right authority and name", { tls: verify("right") }, { success: { tls: true } }],
    ["the wrong authority", { tls: verify("wrong") }, { reason: "TLSFailed" }],
    ["the public authorities", { tls: { mode: "VerifyFull" } }, { reason: "TLSFailed" }],
    [
      "the wrong name",
      { tls: verify("right"), hostHeader: "other.example" },
      { reason: "TLSFailed" },
    ],
    // It says 400, in clear, to a request in clear.
    ["no TLS on a port that wants it", { tls: { mode: "Disable" } }, { reason: "InvalidResponse" }],
  ])("%s: %j", async (_, config, expected) => {
    expect(await askTls(config)).toEqual(expected);
  });

  test("TLS on a port that has none: TLSFailed", async () => {
    const outcome = await askTls({ port: nginx.port, tls: { mode: "Require" } });
    expect(outcome).toEqual({ reason: "TLSFailed" });
  });
});

describe("a real nginx that dies", () => {
  test(
    "in the middle of its answer: ConnectionClosed; afterwards: ConnectionRefused",
    async () => {
      const own = await startNginx(certificates.server("shop.example"));
      const asked = run({ port: own.port, path: "/slow" });
      await sleep(ANSWER_BEGINS);
      own.signal("SIGKILL");
      expect(await asked).toEqual({ reason: "ConnectionClosed" });
      await own.stop();
      expect(await run({ port: own.port })).toEqual({ reason: "ConnectionRefused" });
    },
    START_TIMEOUT,
  );
});

const connectAlone = () =>
  runCheck(
    tcp,
    {
      name: "web",
      type: "tcp",
      impact: "Observe",
      tcp: { host: "127.0.0.1", port: nginx.port },
    },
    { readSecretKey: async () => "" },
  );
