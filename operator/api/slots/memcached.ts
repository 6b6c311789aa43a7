/** The slot `memcached`: its fields, their rules, and what unset ones mean. */
import { z } from "zod";
import { type CelRule, cel, sentence } from "../cel.ts";
import { DEPENDENCY_DEFAULTS, MAX_MEMCACHED_SERVERS } from "../limits.ts";
import { describe, host, port } from "../v1alpha1-fields.ts";

const DEFAULTS = DEPENDENCY_DEFAULTS.memcached;

/** minAvailable can be reached and asks for something. */
const RULES: CelRule[] = [
  { rule: "self.servers.size() >= 1", message: "servers: give at least 1, not 0" },
  {
    rule: "!has(self.minAvailable) || (self.minAvailable >= 1 && self.minAvailable <= self.servers.size())",
    messageExpression: sentence(
      "minAvailable must be from 1 to the number of servers (%d), not %d",
      "self.servers.size()",
      "self.minAvailable",
    ),
  },
];

/** The schema of the slot `memcached`. */
export const memcached = z
  .object({
    servers: z
      .array(z.object({ host, port: port(DEFAULTS.port) }))
      .max(MAX_MEMCACHED_SERVERS)
      .meta({
        ...describe(`The servers of the ring, 1 to ${MAX_MEMCACHED_SERVERS}.`),
        "x-kubernetes-list-type": "atomic",
      }),
    minAvailable: z
      .int32()
      .optional()
      .meta(describe("How many servers must answer `stats`, from 1 to their number; unset: all.")),
  })
  .meta({ ...describe("memcached servers: each must answer `stats`."), ...cel(...RULES) });

/** Fills in what is unset. */
export function fillMemcached({ servers, minAvailable }: z.infer<typeof memcached>) {
  return {
    servers: servers.map((server) => ({ ...server, port: server.port ?? DEFAULTS.port })),
    minAvailable: minAvailable ?? servers.length,
  };
}
