/** The slot `tcp`: its fields and their rules. */
import { z } from "zod";
import { describe, host, tcpPort } from "../v1alpha1-fields.ts";

/** The schema of the slot `tcp`. */
export const tcp = z
  .object({ host, port: tcpPort.meta(describe("TCP port.")) })
  .meta(
    describe(
      "A TCP port, which must accept a connection; nothing is sent or read. A service mesh accepts for a server that is dead: where one is in between, use a type that speaks the server's protocol.",
    ),
  );

/** Nothing can be unset. */
export function fillTcp(slot: z.infer<typeof tcp>) {
  return slot;
}
