/**
 * HTTP: one request over a new connection, and the status of its answer. Read by readers of our own, because the
 * parser of Node.js takes as many bytes and interim answers as a server sends, and costs half a megabyte in each
 * pod. The request goes to the server itself: no variable of the environment makes it take a proxy, and no
 * redirect is followed.
 */
import type { HttpConfig } from "../../../api/policy-file.ts";
import { raceAbort } from "../abort.ts";
import { type Check, type CheckContext, CheckError } from "../check.ts";
import { isTooMuch, type ReadSource, readUntil } from "../network/read-until.ts";
import { type Resolve, systemResolve } from "../network/resolve.ts";
import { withConnection } from "../network/with-connection.ts";
import { secure } from "../tls/secure.ts";
import { tlsTarget } from "../tls/tls-target.ts";
import { createBodyReader } from "./http-body.ts";
import { type AnswerHead, createHeadReader } from "./http-head.ts";
import { requestText, tlsName } from "./http-request.ts";

/** The check for `http` dependencies, with its host names looked up by `resolve`. */
export function createHttp(resolve: Resolve): Check {
  return {
    type: "http",
    async run({ http: config }, context) {
      if (!config) throw new CheckError("Misconfigured");
      return ask(config, { ...context, resolve });
    },
  };
}

/** The check as the sidecar runs it. */
export const http: Check = createHttp(systemResolve);

async function ask(
  config: HttpConfig,
  context: CheckContext & { resolve: Resolve },
): Promise<{ tls: boolean }> {
  const { signal, readSecretKey, onHandshake } = context;
  const { mode, caSecret } = config.tls;
  const target = await raceAbort(tlsTarget(mode, caSecret, readSecretKey), signal);
  return withConnection(config, context, async (socket) => {
    const options = { host: tlsName(config), dialled: config.host, onHandshake, signal };
    const { stream, tls } = await secure(socket, target, options);
    const source = { stream, socket, signal };
    stream.write(requestText(config));
    const head = await readHead(source, config.method);
    if (!isExpected(head.status, config)) throw new CheckError("InvalidResponse");
    await dropBody(source, head);
    return { tls };
  });
}

function isExpected(status: number, { expectedStatus: { minimum, maximum } }: HttpConfig): boolean {
  return status >= minimum && status <= maximum;
}

async function readHead(source: ReadSource, method: HttpConfig["method"]): Promise<AnswerHead> {
  const read = createHeadReader(method);
  let head: AnswerHead | undefined;
  await readUntil(source, (chunk) => {
    // latin1 keeps one character a byte.
    head = read(chunk.toString("latin1"));
    return head !== undefined;
  });
  if (!head) throw new CheckError("ProtocolError");
  return head;
}

/**
 * Reads the body until it ends: a server that dies in the middle of its answer is none that is well. A body
 * longer than a check reads is cut and counts, since the status has been said.
 */
async function dropBody(source: ReadSource, { framing, rest }: AnswerHead): Promise<void> {
  const isComplete = createBodyReader(framing);
  try {
    if (isComplete(rest)) return;
    await readUntil(source, (chunk) => isComplete(chunk.toString("latin1")));
  } catch (error) {
    if (isTooMuch(error)) return;
    if (framing.kind === "close" && isClosed(error)) return;
    throw error;
  }
}

/** The end in order; a reset has an error of its own. */
function isClosed(error: unknown): boolean {
  return error instanceof CheckError && error.reason === "ConnectionClosed";
}
