/**
 * One connection: one request, one answer, the end. A second request, a body and whatever else a
 * client sends is dropped, so that no client can make this program remember or work on more than that.
 */
import type { Socket } from "node:net";
import { resetConnection } from "../../bounds/reset-connection.ts";
import { MAX_HEAD_BYTES, parseHead, type Request } from "./request-head.ts";

/** The statuses that are answered, with the words that HTTP has for them. */
const STATUS_TEXTS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

/** What is answered. */
export interface Answer {
  status: keyof typeof STATUS_TEXTS;
  body: string;
  contentType?: string;
  allow?: string;
}

/** The client that an answer is for. */
export interface Client {
  /**
   * Fires when the client has closed its side or the connection is closed: whoever waits for something
   * then answers with what is known. Made when it is first asked for, because most answers wait for
   * nothing.
   */
  gone(): AbortSignal;
}

/** Gives the answer to a request. */
export type AnswerRequest = (request: Request, client: Client) => Answer | Promise<Answer>;

/** How long a client may take to send its request, and later to read the answer, in milliseconds. */
const EXCHANGE_MILLISECONDS = 5_000;
/** How long the answer may take, in milliseconds; above the longest probe timeout of the API, 60 s. */
const ANSWER_MILLISECONDS = 65_000;
/**
 * The most that is taken from a client in bytes. Bytes that nobody reads would turn the end of the
 * connection into a reset, which can take the answer away from a client that is still sending a body.
 */
const MAX_BYTES = 65_536;
/**
 * The most pieces until the head is whole. A kubelet and all others that ask by themselves send it as one; 8 KiB are
 * six packets of the usual size, and a person who types a request sends a line at a time. Each piece is one more turn
 * of the event loop and one more look at all of it: with 32, 400 clients a second had probes of the kubelet fail.
 */
const MAX_HEAD_CHUNKS = 6;
/** The most pieces that are read after the head, so that the answer arrives. */
const MAX_LATER_CHUNKS = 2;

/** What is answered to a request that cannot be read, is too slow or too long. */
const REFUSALS: Record<400 | 408 | 431, Answer> = {
  400: { status: 400, body: "bad request" },
  408: { status: 408, body: "request too slow" },
  431: { status: 431, body: "request head too long" },
};
const FAILED: Answer = { status: 500, body: "InternalError" };

/** The answer as text. A HEAD request gets the same head and no body. */
function textOf({ status, body, contentType, allow }: Answer, method?: string): string {
  const head = `HTTP/1.1 ${status} ${STATUS_TEXTS[status]}\r
Date: ${new Date().toUTCString()}\r
Content-Type: ${contentType ?? "text/plain; charset=utf-8"}\r
Content-Length: ${Buffer.byteLength(body)}\r
Cache-Control: no-store\r
X-Content-Type-Options: nosniff\r
${allow === undefined ? "" : `Allow: ${allow}\r\n`}Connection: close\r\n\r\n`;
  return method === "HEAD" ? head : head + body;
}

/** Serves one connection of a server with `allowHalfOpen`, until it is closed. */
export function serveConnection(socket: Socket, answerRequest: AnswerRequest): void {
  /** The first bytes, until they are a whole head. */
  let text = "";
  let taken = false;
  let chunks = 0;
  let mostChunks = MAX_HEAD_CHUNKS;
  let gone: AbortController | undefined;
  let deadline = setTimeout(onDeadline, EXCHANGE_MILLISECONDS);

  function onDeadline(): void {
    // A client that has sent nothing, such as a check of the port alone, expects no answer.
    if (taken || text === "") resetConnection(socket);
    else send(REFUSALS[408]);
  }

  function send(answer: Answer, method?: string): void {
    taken = true;
    if (!socket.writable) return;
    deadline.refresh();
    socket.end(textOf(answer, method));
  }

  async function sendLater(answer: Promise<Answer>, method: string): Promise<void> {
    clearTimeout(deadline);
    deadline = setTimeout(onDeadline, ANSWER_MILLISECONDS);
    const result = await answer.catch(() => FAILED);
    clearTimeout(deadline);
    // The connection may have been closed meanwhile; its timer must not outlive it.
    if (socket.destroyed) return;
    deadline = setTimeout(onDeadline, EXCHANGE_MILLISECONDS);
    send(result, method);
  }

  function respond(request: Request): void {
    taken = true;
    const answer = answerRequest(request, client);
    if (answer instanceof Promise) void sendLater(answer, request.method);
    else send(answer, request.method);
  }

  const client: Client = {
    gone() {
      gone ??= new AbortController();
      return gone.signal;
    },
  };

  function read(chunk: Buffer): void {
    text += chunk.toString("latin1", 0, MAX_HEAD_BYTES - text.length);
    const head = parseHead(text);
    if (head === "incomplete") return;
    mostChunks = chunks + MAX_LATER_CHUNKS;
    if ("refused" in head) send(REFUSALS[head.refused]);
    else respond(head.request);
  }

  socket.on("data", (chunk) => {
    chunks += 1;
    if (socket.bytesRead > MAX_BYTES || chunks > mostChunks) resetConnection(socket);
    else if (!taken) read(chunk);
  });
  // Where both sides have ended, the socket closes by itself after these.
  function resetAfterBothEnds(): void {
    if (socket.readableEnded && socket.writableFinished) resetConnection(socket);
  }
  socket.on("finish", resetAfterBothEnds);
  socket.on("end", () => {
    gone?.abort();
    resetAfterBothEnds();
    if (taken) return;
    if (text === "") socket.destroy();
    else send(REFUSALS[400]);
  });
  // Resets are the client's business. "close" follows.
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(deadline);
    gone?.abort();
  });
}
