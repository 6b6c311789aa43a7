import { expect, test } from "@jest/globals";
import { deletionsOf } from "./black-hole.ts";

test("only rules of the demo are deleted, each exactly", () => {
  // As `iptables -w -t raw -S PREROUTING` prints it.
  const listing = `-P PREROUTING ACCEPT
-A PREROUTING -d 10.96.7.7/32 -p tcp -m tcp --dport 5432 -m comment --comment healthpolicy-demo -j DROP
-A PREROUTING -d 10.96.8.8/32 -p tcp -m tcp --dport 5432 -j DROP
-A PREROUTING -d 10.96.9.9/32 -p tcp -m tcp --dport 80 -m comment --comment healthpolicy-demonstration -j DROP
`;
  expect(deletionsOf(listing)).toStrictEqual([
    [
      ...["-D", "PREROUTING", "-d", "10.96.7.7/32", "-p", "tcp", "-m", "tcp", "--dport", "5432"],
      ...["-m", "comment", "--comment", "healthpolicy-demo", "-j", "DROP"],
    ],
  ]);
});
