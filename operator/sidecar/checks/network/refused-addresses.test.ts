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
  "64:ff9b::a9fe:1",
  "64:ff9b::0.0.0.1",
  "64:ff9b::100.100.100.200",
  "64:ff9b::192.0.0.192",
  "64:ff9b::168.63.129.16",
  "64:ff9b::224.0.0.1",
  "192.0.0.192",
  "fd00:ec2::23",
  "fd20:ce::254",
  "224.0.0.1",
  "239.255.255.250",
  "255.255.255.255",
  "::ffff:224.0.0.1",
  "ff02::1",
  "ff0e::1",
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
  "223.255.255.255",
  "240.0.0.1",
  "192.0.0.193",
  "64:ff9b::10.0.0.1",
  "64:ff9b::169.253.0.1",
  "64:ff9b:1::a9fe:1",
  "fd00::1",
  "fd00:ec2::24",
  "fec0::1",
  "fe00::1",
  "2001:db8::1",
])("%s is allowed", (address) => {
  expect(isRefusedAddress(address)).toBe(false);
});
