/**
 * Asks a sidecar what it says of itself. Whoever may create pods decides what answers there, so everything about an
 * answer has a bound, and one that goes over it is none.
 */
import http from "node:http";
import type { Socket } from "node:net";
import { isPodAddress } from "../../addresses/pod-address.ts";
import { urlHost } from "../../addresses/url-host.ts";
import { MAX_STATUS_BYTES, MAX_STATUS_CHUNKS } from "../../api/limits.ts";
import { STATUS_PATH } from "../../api/names.ts";
import { readOkAnswer } from "../read-ok-answer.ts";

/** A sidecar answers from memory; one that has not answered by then counts as not answering. */
const DEADLINE_MILLISECONDS = 1_000;
/** Our own head has about 100 bytes; a mesh's proxy adds a few lines to it. */
const MAX_HEAD_BYTES = 4_096;
/** Head, body and how it is cut into chunks. */
const MAX_WIRE_BYTES = MAX_HEAD_BYTES + 2 * MAX_STATUS_BYTES;

/** Where a sidecar listens. */
export interface SidecarAddress {
  ip: string;
  port: number;
}

/** Ends a connection on which more arrives than an answer has, or in more pieces, whatever part of it they are. */
function boundSocket(socket: Socket): void {
  let chunks = 0;
  socket.on("data", () => {
    chunks += 1;
    if (socket.bytesRead > MAX_WIRE_BYTES || chunks > MAX_STATUS_CHUNKS) {
      socket.destroy(new Error("the answer is too long"));
    }
  });
}

function get(url: URL): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signal = AbortSignal.timeout(DEADLINE_MILLISECONDS);
  // The last word. After some answers, such as 101, a request that is destroyed says nothing more; who waits for it
  // would wait for ever, and with it whoever waits for the end of all questions.
  signal.addEventListener("abort", () => reject(signal.reason));
  const request = http.get(url, {
    // A connection of its own, which ends with the answer. Only the shared agent would take a proxy from the
    // environment.
    agent: false,
    maxHeaderSize: MAX_HEAD_BYTES,
    signal,
  });
  request.on("error", reject);
  request.on("socket", boundSocket);
  // Answers before the answer, of which there could be any number.
  request.on("information", () => request.destroy(new Error("it does not answer at once")));
  request.on("response", (response) => {
    readOkAnswer(response, MAX_STATUS_BYTES).then(resolve, reject);
  });
  return promise;
}

/**
 * Resolves with the body of the sidecar's /status, or with undefined, whatever went wrong; within a second. Never
 * rejects. Asks only where `mayAsk` lets it; only tests let it ask another address than a pod's.
 */
export async function askSidecar(
  { ip, port }: SidecarAddress,
  mayAsk: (ip: string) => boolean = isPodAddress,
): Promise<string | undefined> {
  if (!mayAsk(ip)) return undefined;
  try {
    return await get(new URL(`http://${urlHost(ip)}:${port}${STATUS_PATH}`));
  } catch {
    // Whatever the error was, the sidecar has not said anything.
    return undefined;
  }
}
