/** How PostgreSQL is asked, in clear, whether it speaks TLS. */
import { CheckError } from "../check.ts";
import { type ReadSource, readUntil } from "../network/read-until.ts";
import { type ServerError, serverError } from "./postgresql-conversation.ts";
import { createFrameReader } from "./postgresql-frames.ts";

/** Length 8, then the number that asks for TLS instead of a protocol version. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Rejects with ProtocolError for an answer that is not PostgreSQL's, with TooManyConnections for an error that says so,
 * or with what ended the connection.
 */
export async function offersTls(source: ReadSource): Promise<boolean> {
  let answer = "";
  const readError = createFrameReader(({ body }) => {
    throw refusal(body);
  });
  source.stream.write(SSL_REQUEST);
  await readUntil(source, (chunk) => {
    answer ||= chunk.toString("latin1");
    if (!answer.startsWith("E")) return true;
    readError(chunk);
    return false;
  });
  // More than the one byte is either another protocol or someone who puts words, unencrypted, into the
  // mouth of the encrypted server (CVE-2021-23222).
  if (answer !== "S" && answer !== "N") throw new CheckError("ProtocolError");
  return answer === "S";
}

/**
 * A server that is full may say so before it reads anything, as Pgpool-II does, and PostgreSQL without a process for
 * the session (postgresql-frames.ts). Anybody on the way may say it too, and can do no more by it than by refusing TLS,
 * since both leave running pods alone.
 */
function refusal(body: Buffer): CheckError {
  const { code = "" } = serverError(body) as Partial<ServerError>;
  // Insufficient resources, the class of SQLSTATEs.
  return new CheckError(code.startsWith("53") ? "TooManyConnections" : "ProtocolError");
}
