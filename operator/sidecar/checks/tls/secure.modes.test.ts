/** What becomes of a connection to a server that has no TLS. */
import { Socket } from "node:net";
import { expect, jest, test } from "@jest/globals";
import type { TlsMode } from "../../../api/policy-file.ts";
import { secure } from "./secure.ts";

const signal = new AbortController().signal;

function inClear(mode: TlsMode, offersTls: () => Promise<boolean>) {
  const socket = new Socket();
  const secured = secure(
    socket,
    { mode, secureContext: undefined },
    { host: "db", offersTls, signal },
  );
  return { socket, secured };
}

test("Disable does not ask for it", async () => {
  const offersTls = jest.fn(async () => true);
  const { socket, secured } = inClear("Disable", offersTls);
  expect(await secured).toStrictEqual({ stream: socket, tls: false });
  expect(offersTls).not.toHaveBeenCalled();
});

test("Prefer goes on in clear", async () => {
  const { socket, secured } = inClear("Prefer", async () => false);
  expect(await secured).toStrictEqual({ stream: socket, tls: false });
});

test.each<TlsMode>(["Require", "VerifyFull"])("%s: TLSFailed", async (mode) => {
  const { secured } = inClear(mode, async () => false);
  await expect(secured).rejects.toMatchObject({ reason: "TLSFailed" });
});
