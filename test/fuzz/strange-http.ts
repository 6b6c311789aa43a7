/** For tests: what a client of a port that speaks HTTP may send, and what comes back. */
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { strangeConversation } from "./strange-bytes.ts";

const WORDS = [
  ...["GET ", "POST ", "PRI ", "/", "//", "?", "*", "%zz", "http://x/healthz", " HTTP/1.1\r\n"],
  ...[" HTTP/1.0\r\n", " HTTP/9.9\r\n", "\r\n", "\n", "\r\n\r\n", "Host: x\r\n", ": ", "x: \t\r\n"],
  ...["Content-Length: 5\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999\r\n"],
  ...["Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n", "ffffffff\r\n", "0\r\n\r\n"],
  ...[
    "Expect: 100-continue\r\n",
    "Upgrade: h2c\r\nConnection: Upgrade\r\n",
    "\u0000",
    "{",
    '"uid":"x"',
  ],
].map((word) => Buffer.from(word));

/** Pieces of what is sent, and whether the client then ends its side or breaks off. */
export interface Sent {
  pieces: Buffer[];
  end: "end" | "reset";
}

/** Right requests in which something is exchanged, and anything else. */
export function strangeRequests(right: readonly string[]): fc.Arbitrary<Sent> {
  return fc.record({
    pieces: strangeConversation(
      right.map((request) => [Buffer.from(request)]),
      WORDS,
    ),
    end: fc.oneof(
      { arbitrary: fc.constant("end" as const), weight: 5 },
      fc.constant("reset" as const),
    ),
  });
}

/** All that comes back until the connection is closed; rejects when it is still open after so many milliseconds. */
export async function exchange(
  socket: Socket,
  { pieces, end }: Sent,
  milliseconds: number,
): Promise<string> {
  let received = "";
  const { promise: closed, resolve, reject } = Promise.withResolvers<void>();
  const deadline = setTimeout(
    () => reject(new Error("the connection is still open")),
    milliseconds,
  );
  socket.setNoDelay(true);
  // Resets are the server's right. "close" follows.
  socket.on("error", () => {});
  socket.on("close", () => resolve());
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  for (const piece of pieces) {
    if (socket.writable) socket.write(piece);
    await turn();
  }
  if (end === "end") socket.end();
  else socket.destroy();
  try {
    await closed;
  } finally {
    clearTimeout(deadline);
    socket.destroy();
  }
  return received;
}

/** The statuses of the answers in what came back. */
export function statusesOf(received: string): number[] {
  return [...received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}
