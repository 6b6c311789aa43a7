/**
 * Asks another pod's sidecar what it says of itself. Whoever may create pods decides what answers there, so everything
 * about an answer has a bound, and one that goes over it is none. Redirects are none, and there is no proxy.
 */
import { connect } from "node:net";
import { isPodAddress } from "../../addresses/pod-address.ts";
import { urlHost } from "../../addresses/url-host.ts";
import { MAX_STATUS_BYTES, MAX_STATUS_CHUNKS } from "../../api/limits.ts";
import { STATUS_PATH } from "../../api/names.ts";
import type { PeerAddress } from "../../api/policy-file.ts";
import { ASK_MILLISECONDS } from "../../api/timing.ts";
import { type AnswerHead, createHeadReader } from "../checks/http/http-head.ts";

/** Below ASK_MILLISECONDS, so that the answers are counted within it. */
const DEADLINE_MILLISECONDS = ASK_MILLISECONDS - 100;
/** Head and body; our own head has about 200 bytes, and a mesh's proxy adds a few lines to it. */
const MAX_WIRE_BYTES = 2 * MAX_STATUS_BYTES;

/** How long the body is. A sidecar states it; whoever does not could send without end. */
function lengthOf({ status, framing }: AnswerHead): number {
  if (status === 200 && framing.kind === "length" && framing.bytes <= MAX_STATUS_BYTES) {
    return framing.bytes;
  }
  throw new Error("no answer of a sidecar");
}

/** Takes the answer in chunks, one character a byte; gives the body once it is whole. Throws where it is no answer. */
function bodyReader(): (chunk: string) => string | undefined {
  const readHead = createHeadReader("GET");
  let head: AnswerHead | undefined;
  let body = "";
  return (chunk) => {
    if (head) body += chunk;
    else {
      head = readHead(chunk);
      body = head?.rest ?? "";
    }
    const length = head ? lengthOf(head) : Number.POSITIVE_INFINITY;
    return body.length < length ? undefined : body.slice(0, length);
  };
}

/** What came of asking a peer: the body of its /status, or why there is none. */
export type PeerReply =
  | { body: string }
  /**
   * It took the connection and ended it without a word, as a sidecar does that has too many
   * (`probe-server/admit-connections.ts`): no pod is cut off from it.
   */
  | "HungUp"
  /** Whatever else. */
  | "Silent";

function get({ ip, port }: PeerAddress): Promise<PeerReply> {
  const { promise, resolve } = Promise.withResolvers<PeerReply>();
  const read = bodyReader();
  const socket = connect({ host: ip, port, noDelay: true });
  let isConnected = false;
  let isGivenUp = false;
  const giveUp = () => {
    isGivenUp = true;
    socket.destroy();
  };
  const deadline = setTimeout(giveUp, DEADLINE_MILLISECONDS);
  const host = `${urlHost(ip)}:${port}`;
  socket.write(`GET ${STATUS_PATH} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let chunks = 0;
  socket.once("connect", () => {
    isConnected = true;
  });
  socket.on("data", (chunk) => {
    chunks += 1;
    if (socket.bytesRead > MAX_WIRE_BYTES || chunks > MAX_STATUS_CHUNKS) return giveUp();
    try {
      const body = read(chunk.toString("latin1"));
      if (body === undefined) return;
      resolve({ body: Buffer.from(body, "latin1").toString("utf8") });
      socket.destroy();
    } catch {
      giveUp();
    }
  });
  // Followed by "close", as the end is.
  socket.on("error", () => {});
  socket.on("end", () => socket.destroy());
  socket.on("close", () => {
    clearTimeout(deadline);
    resolve(isConnected && !isGivenUp && chunks === 0 ? "HungUp" : "Silent");
  });
  return promise;
}

/**
 * Asks a peer for its /status; resolves within ASK_MILLISECONDS and never rejects. Asks only where `mayAsk` lets it;
 * only tests let it ask another address than a pod's.
 */
export async function askPeer(
  peer: PeerAddress,
  mayAsk: (ip: string) => boolean = isPodAddress,
): Promise<PeerReply> {
  return mayAsk(peer.ip) ? get(peer) : "Silent";
}
