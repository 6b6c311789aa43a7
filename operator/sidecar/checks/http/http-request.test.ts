import { describe, expect, test } from "@jest/globals";
import type { HttpConfig } from "../../../api/policy-file.ts";
import { requestText, tlsName } from "./http-request.ts";
import { PLAIN } from "./testing/http-subject.ts";

const TLS: Partial<HttpConfig> = { port: 443, tls: { mode: "VerifyFull" } };

describe("the Host header", () => {
  test.each<[string, Partial<HttpConfig>, string]>([
    ["leaves out the usual port", { host: "api" }, "api"],
    ["has any other one", { host: "api", port: 8080 }, "api:8080"],
    ["leaves out the usual port of TLS", { ...TLS, host: "api" }, "api"],
    ["has port 443 without TLS", { host: "api", port: 443 }, "api:443"],
    ["puts an IPv6 address in brackets", { host: "fd00::1", port: 8080 }, "[fd00::1]:8080"],
    ["has no dot at the end", { host: "api.shop.svc." }, "api.shop.svc"],
    ["is what the policy says", { host: "10.0.0.1", hostHeader: "api:81", port: 1 }, "api:81"],
  ])("%s", (_, config, expected) => {
    const [, header] = requestText({ ...PLAIN, ...config }).split("\r\n");
    expect(header).toBe(`Host: ${expected}`);
  });
});

test.each<[Partial<HttpConfig>, string]>([
  [{ host: "api" }, "api"],
  [{ host: "10.0.0.1", hostHeader: "api.example" }, "api.example"],
  [{ host: "10.0.0.1", hostHeader: "api.example:8443" }, "api.example"],
  [{ host: "10.0.0.1", hostHeader: "[fd00::1]:8443" }, "fd00::1"],
])("the certificate of %j must have the name %s", (config, name) => {
  expect(tlsName({ ...PLAIN, ...config })).toBe(name);
});
