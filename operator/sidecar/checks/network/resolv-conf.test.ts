import { expect, test } from "@jest/globals";
import { addressesInHosts, candidateNames, parseResolvConf } from "./resolv-conf.ts";

const POD = `# made by the kubelet
nameserver 10.96.0.10
search shop.svc.cluster.local svc.cluster.local cluster.local.
options ndots:5 timeout:2 ; a comment
`;

test("a pod's resolv.conf", () => {
  expect(parseResolvConf(POD)).toMatchObject({
    domains: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    ndots: 5,
  });
});

test.each([
  ["", { domains: [], ndots: 1 }],
  ["domain a.test", { domains: ["a.test"], ndots: 1 }],
  ["search a.test\nsearch b.test c.test", { domains: ["b.test", "c.test"], ndots: 1 }],
  ["search .", { domains: [], ndots: 1 }],
  ["options ndots:2\noptions ndots:x", { domains: [], ndots: 2 }],
  ["search a.test # b.test", { domains: ["a.test"], ndots: 1 }],
  ["options xndots:3 ndots:3x", { domains: [], ndots: 1 }],
  ["sortlist ndots:3", { domains: [], ndots: 1 }],
  ["options ndots:99", { domains: [], ndots: 15 }],
  ["options ndots:0", { domains: [], ndots: 0 }],
])("%j", (text, expected) => {
  expect(parseResolvConf(text)).toMatchObject(expected);
});

test.each([
  ["nameserver 10.96.0.10\nnameserver fd00::10 # the other", ["10.96.0.10", "fd00::10"]],
  [
    "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4",
    ["1.1.1.1", "1.1.1.2", "1.1.1.3"],
  ],
  ["nameserver dns.test\nnameserver", ["127.0.0.1"]],
  ["", ["127.0.0.1"]],
])("name servers of %j", (text, servers) => {
  expect(parseResolvConf(text).servers).toEqual(servers);
});

test.each([
  ["options ndots:5 use-vc", true],
  ["options ndots:5", false],
  ["nameserver use-vc", false],
])("by TCP alone with %j: %s", (text, tcpOnly) => {
  expect(parseResolvConf(text).tcpOnly).toBe(tcpOnly);
});

test("a search list has a bound", () => {
  const text = `search ${"a.test ".repeat(1_000)}`;
  expect(parseResolvConf(text).domains).toHaveLength(32);
});

test.each([
  ["db", 5, ["db.a.test", "db.b.test", "db"]],
  ["db.shop.svc", 5, ["db.shop.svc.a.test", "db.shop.svc.b.test", "db.shop.svc"]],
  ["db", 1, ["db.a.test", "db.b.test", "db"]],
  ["db.shop", 1, ["db.shop", "db.shop.a.test", "db.shop.b.test"]],
  ["db", 0, ["db", "db.a.test", "db.b.test"]],
  ["db.example.com.", 5, ["db.example.com"]],
])("%s with ndots %d is asked for as %j", (host, ndots, expected) => {
  expect(candidateNames(host, { domains: ["a.test", "b.test"], ndots })).toEqual(expected);
});

test.each([
  ["localhost", ["127.0.0.1", "::1"]],
  ["db", ["10.0.0.1"]],
  ["DB.Shop", ["10.0.0.1"]],
  ["db.shop.", ["10.0.0.1"]],
  ["shop", []],
  ["indented", ["10.0.0.3"]],
  ["127.0.0.1", []],
])("%s in a hosts file: %j", (host, expected) => {
  const text =
    "127.0.0.1 localhost\n::1\tlocalhost # db\n\n10.0.0.1  db db.shop\nbroken db\n# 10.0.0.2 db\n\t10.0.0.3 indented";
  expect(addressesInHosts(text, host)).toEqual(expected);
});
