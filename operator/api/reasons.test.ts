import { expect, test } from "@jest/globals";
import { REASONS, reasonGates } from "./reasons.ts";

const gatingNow = (firstReady: boolean) => REASONS.filter((r) => reasonGates(r, firstReady));

const UNREACHABLE = [
  "ConnectionRefused",
  "ConnectTimeout",
  "HostNotFound",
  "ResolverFailed",
  "HostUnreachable",
  "CheckTimeout",
  "ConnectionClosed",
  "ProtocolError",
  "ServerStarting",
  "InvalidResponse",
  "TooFewServers",
];

test("once a pod has been ready, only what cannot be reached or answers wrongly gates", () => {
  expect(gatingNow(true)).toStrictEqual(UNREACHABLE);
});

test("before, everything gates that a new pod can be spared", () => {
  expect(gatingNow(false)).toStrictEqual([
    ...UNREACHABLE,
    "AuthenticationFailed",
    "TLSFailed",
    "TooManyConnections",
    "CredentialsMissing",
    "Misconfigured",
  ]);
});
