/** MySQL and MariaDB: log in over a new connection and ask for a row. */
import { isQueryText } from "../../../api/wire-text.ts";
import { raceAbort } from "../abort.ts";
import { type Check, type CheckContext, CheckError, type CheckSuccess } from "../check.ts";
import { type Resolve, systemResolve } from "../network/resolve.ts";
import { withConnection } from "../network/with-connection.ts";
import { targetFingerprint } from "../target-fingerprint.ts";
import { open } from "./mysql-encryption.ts";
import { countRows, type Question } from "./mysql-session.ts";
import { type MysqlTarget, mysqlTarget } from "./mysql-target.ts";

/** The check for `mysql` dependencies, with its host names looked up by `resolve`. */
export function createMysql(resolve: Resolve): Check {
  return {
    type: "mysql",
    async run({ mysql: config }, context) {
      if (!config || !isQueryText(config.query)) throw new CheckError("Misconfigured");
      const target = await raceAbort(mysqlTarget(config, context), context.signal);
      const { endpoint, account, tls } = target;
      context.onTarget?.(targetFingerprint({ ...endpoint, ...account, tlsMode: tls.mode }));
      const question = {
        query: config.query,
        remaining: context.remainingMilliseconds,
        onLogin: context.lineBreaks?.loggedIn,
      };
      return ask(target, question, { ...context, resolve });
    },
  };
}

/** The check as the sidecar runs it. */
export const mysql: Check = createMysql(systemResolve);

async function ask(
  { endpoint, account, tls: target }: MysqlTarget,
  question: Question,
  check: CheckContext & { resolve: Resolve },
): Promise<CheckSuccess> {
  const { signal, onHandshake } = check;
  return withConnection(endpoint, check, async (socket) => {
    const context = { target, account, host: endpoint.host, onHandshake, signal };
    const { conversation, login } = await open(socket, context);
    const rows = await countRows(conversation, login, question);
    if (rows === 0) throw new CheckError("InvalidResponse");
    return { tls: login.tls };
  });
}
