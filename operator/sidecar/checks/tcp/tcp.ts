/** TCP: a port that accepts a connection. Nothing is sent, and nothing that the server says is read. */
import { type Check, CheckError } from "../check.ts";
import { type Resolve, systemResolve } from "../network/resolve.ts";
import { withConnection } from "../network/with-connection.ts";

/** The check for `tcp` dependencies, with its host names looked up by `resolve`. */
export function createTcp(resolve: Resolve): Check {
  return {
    type: "tcp",
    async run({ tcp: config }, context) {
      if (!config) throw new CheckError("Misconfigured");
      return withConnection(config, { ...context, resolve }, async () => ({}));
    },
  };
}

/** The check as the sidecar runs it. */
export const tcp: Check = createTcp(systemResolve);
