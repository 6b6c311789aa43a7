/** Sends an answer, and counts it among the bytes in flight until the kernel has taken it. */
import type { ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import type { Hold } from "./bytes-in-flight.ts";

/**
 * An API server sends a review that is answered 503 again after so many seconds, within the webhook's timeout, and only
 * where the answer says so (client-go, rest/with_retry.go). Else the pod would be admitted without its sidecar.
 */
const RETRY_SECONDS = 1;

interface SendOptions {
  /** Whether the connection ends with the answer. */
  close: boolean;
  hold: Hold;
}

/** Sends `answer`. It is dropped with its connection where the answers that nobody takes get too many. */
export function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  { close, hold }: SendOptions,
): void {
  const bytes = Buffer.byteLength(answer.body);
  const holding = hold(response.socket?.remoteAddress ?? "", () => response.destroy());
  response.once("close", () => holding.release());
  response.writeHead(answer.status, {
    "Content-Type": "application/json",
    "Content-Length": bytes,
    // The API server goes on using its connections after our endpoint is gone: it has to be told.
    ...(close && { Connection: "close" }),
    ...(answer.status === 503 && { "Retry-After": RETRY_SECONDS }),
  });
  response.end(answer.body);
  // The text, and what TLS has made of it.
  holding.add(2 * bytes);
}
