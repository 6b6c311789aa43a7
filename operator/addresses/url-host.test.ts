import { expect, test } from "@jest/globals";
import { urlHost } from "./url-host.ts";

test.each([
  ["10.0.0.1", "10.0.0.1"],
  ["2001:db8::1", "[2001:db8::1]"],
])("%s can be read in a URL beside a port", (ip, host) => {
  const url = new URL(`http://${urlHost(ip)}:8080/`);
  expect([url.hostname, url.port]).toStrictEqual([host, "8080"]);
});
