import { networkInterfaces } from "node:os";
import { expect, test } from "@jest/globals";
import { addressesOfThisPod } from "./addresses-of-this-pod.ts";

test("loopback is one of them", () => {
  expect(addressesOfThisPod()).toContain("127.0.0.1");
});

test("those of every interface; one may have none", () => {
  const { lo = [] } = networkInterfaces();
  const [own] = lo.map((one) => ({ ...one, address: "10.0.0.1" }));
  if (!own) throw new Error("no loopback here");
  expect(addressesOfThisPod(() => ({ eth0: [own], eth1: undefined }))).toStrictEqual(["10.0.0.1"]);
});

test("where the system does not tell, there are none", () => {
  const denied = () => {
    throw new Error(
      "A system error occurred: uv_interface_addresses returned Unknown system error 1",
    );
  };
  expect(addressesOfThisPod(denied)).toStrictEqual([]);
});
