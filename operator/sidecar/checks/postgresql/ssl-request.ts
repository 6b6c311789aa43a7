/** How PostgreSQL is asked, in clear, whether it speaks TLS. */
import { CheckError } from "../check.ts";
import { type ReadSource, readUntil } from "../network/read-until.ts";

/** Length 8, then the number that asks for TLS instead of a protocol version. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Rejects with ProtocolError for an answer that is not PostgreSQL's, or with what ended the connection. */
export async function offersTls(source: ReadSource): Promise<boolean> {
  let answer = "";
  source.stream.write(SSL_REQUEST);
  await readUntil(source, (chunk) => {
    answer = chunk.toString("latin1");
    return true;
  });
  // More than the one byte is either another protocol or someone who puts words, unencrypted, into the
  // mouth of the encrypted server (CVE-2021-23222).
  if (answer !== "S" && answer !== "N") throw new CheckError("ProtocolError");
  return answer === "S";
}
