import { expect, test } from "@jest/globals";
import { isRefusedAddress } from "./refused-addresses.ts";

test.each([
  "0.0.0.0",
  "0.1.2.3",
  "169.254.169.254",
  "169.254.0.1",
  "::",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "64:ff9b::169.254.169.254",
  "fe80::1",
  "febf::1",
  "fe80::1%eth0",
  "fd00:ec2::254",
  "100.100.100.200",
  "168.63.129.16",
  "db",
  "",
])("%j is refused", (address) => {
  expect(isRefusedAddress(address)).toBe(true);
});

test.each([
  "127.0.0.1",
  "::1",
  "10.96.0.1",
  "192.168.0.1",
  "169.253.0.1",
  "fd00::1",
  "2001:db8::1",
])("%s is allowed", (address) => {
  expect(isRefusedAddress(address)).toBe(false);
});
