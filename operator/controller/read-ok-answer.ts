/** The answer to a question of ours. Whoever answers may not be who was asked. */
import type { IncomingMessage } from "node:http";

/** Resolves with the body as text; rejects where it has more than `most` bytes, breaks off, or is no 200. */
export function readOkAnswer(response: IncomingMessage, most: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > most) response.destroy(new Error("the answer is too long"));
    chunks.push(chunk);
  });
  response.on("error", reject);
  response.on("end", () => {
    // Others than 200 are no answers, redirects among them.
    if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
    else reject(new Error(`answered ${response.statusCode}`));
  });
  return promise;
}
