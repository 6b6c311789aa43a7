import { expect, test } from "@jest/globals";
import type { DependencyConfig } from "../../../api/policy-file.ts";
import type { Endpoint } from "../network/connect.ts";
import { describeContract, leavingNothing, runCheck } from "../testing/contract.ts";
import { createTcp, tcp } from "./tcp.ts";

const noSecrets = async (): Promise<string> => {
  throw new Error("tcp has no Secret");
};

const dependency = (endpoint: Endpoint): DependencyConfig => ({
  name: "mail",
  type: "tcp",
  impact: "Observe",
  tcp: endpoint,
});

describeContract({
  create: createTcp,
  dependency,
  readSecretKey: noSecrets,
  serve: () => {},
  answer: Buffer.from("220 mail\r\n"),
  repeatable: Buffer.from("220-mail\r\n"),
  failure: (reason) => ({ reason }),
  acceptedIsUp: true,
});

test.each<[string, DependencyConfig]>([
  ["no slot", { name: "mail", type: "tcp", impact: "Observe" }],
  ["a metadata address", dependency({ host: "169.254.169.254", port: 80 })],
  ["a port out of range", dependency({ host: "127.0.0.1", port: 0 })],
])("%s: Misconfigured", async (_, config) => {
  const outcome = leavingNothing(() => runCheck(tcp, config, { readSecretKey: noSecrets }));
  expect(await outcome).toEqual({ reason: "Misconfigured" });
});
