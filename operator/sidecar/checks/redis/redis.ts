/**
 * Redis, and whatever speaks its protocol: PING over a new connection, after a login where the policy names a
 * password. An own client, because those of npm reconnect and queue by themselves and know no deadline.
 */
import type { Reason } from "../../../api/reasons.ts";
import { raceAbort } from "../abort.ts";
import { type Check, CheckError } from "../check.ts";
import { type ReadSource, readUntil } from "../network/read-until.ts";
import { type Resolve, systemResolve } from "../network/resolve.ts";
import { withConnection } from "../network/with-connection.ts";
import { targetFingerprint } from "../target-fingerprint.ts";
import { secure } from "../tls/secure.ts";
import {
  asksForLogin,
  commandText,
  createReplyReader,
  reasonOfLogin,
  reasonOfPing,
} from "./redis-protocol.ts";
import { type Login, redisTarget } from "./redis-target.ts";

/** The check for `redis` dependencies, with its host names looked up by `resolve`. */
export function createRedis(resolve: Resolve): Check {
  return {
    type: "redis",
    async run({ redis: config }, context) {
      if (!config) throw new CheckError("Misconfigured");
      const { signal, lineBreaks, onHandshake } = context;
      const { endpoint, login, tls } = await raceAbort(redisTarget(config, context), signal);
      const user = login?.length === 2 ? login[0] : undefined;
      context.onTarget?.(targetFingerprint({ ...endpoint, user, tlsMode: tls.mode }));
      return withConnection(endpoint, { ...context, resolve }, async (socket) => {
        const secured = await secure(socket, tls, {
          host: endpoint.host,
          onHandshake,
          signal,
        });
        await ping({ stream: secured.stream, socket, signal }, login, lineBreaks?.loggedIn);
        return { tls: secured.tls };
      });
    },
  };
}

/** The check as the sidecar runs it. */
export const redis: Check = createRedis(systemResolve);

/**
 * The password is sent to who has replied to PING as Redis does, and to nobody else: on the port of another
 * server it would be a command, or a line in a log.
 */
async function ping(
  source: ReadSource,
  login: Login | undefined,
  onLogin?: () => void,
): Promise<void> {
  const first = await replyTo(source, "PING");
  if (login === undefined || !asksForLogin(first)) fail(reasonOfPing(first));
  if (login === undefined) return;
  fail(reasonOfLogin(await replyTo(source, "AUTH", ...login)));
  onLogin?.();
  fail(reasonOfPing(await replyTo(source, "PING")));
}

function fail(reason: Reason | undefined): void {
  if (reason !== undefined) throw new CheckError(reason);
}

async function replyTo(source: ReadSource, ...words: string[]): Promise<string> {
  const read = createReplyReader();
  let reply: string | undefined;
  source.stream.write(commandText(...words));
  await readUntil(source, (chunk) => {
    reply = read(chunk.toString("latin1"));
    return reply !== undefined;
  });
  if (reply === undefined) throw new CheckError("ProtocolError");
  return reply;
}
