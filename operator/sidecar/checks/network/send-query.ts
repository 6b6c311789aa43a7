/** One query, to one name server. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { isIPv6, connect as openSocket, type Socket as TcpSocket } from "node:net";
import { limitSignal, raceAbort } from "../abort.ts";
import { CheckError } from "../check.ts";
import { MAX_MESSAGE_BYTES, parseReply, type Reply } from "./dns-message.ts";
import { readUntil } from "./read-until.ts";

/** Where a name server listens. */
export interface NameServer {
  /** An IP address. */
  address: string;
  port: number;
}

/** Which query, to whom, until when. */
export interface QueryContext {
  /** As `encodeQuery` makes it. */
  query: Buffer;
  server: NameServer;
  signal: AbortSignal;
  /** By TCP from the start, where UDP does not get through. */
  tcpOnly: boolean;
  /** After so long without an answer a datagram is sent again: it can get lost. */
  againMilliseconds: number;
  /** Called once for UDP and once for TCP: a datagram that is sent again costs little. */
  onQuery?: (() => void) | undefined;
}

/** How often a silent name server is asked: where it is the only one, for as long as a check may take. */
const TRIES = 4;
/** Datagrams that answer something else. A few are late answers; more than these are an attempt to guess. */
const MAX_STRAY_DATAGRAMS = 16;
/** What a message over TCP begins with: its length in bytes, in 16 bits. */
const LENGTH_BYTES = 2;

/**
 * The answer; over TCP where UDP brought nothing of it that is of use. Addresses of an answer that was cut are of
 * use: others are left out anyway, and TCP to port 53 is closed in some networks.
 * Rejects with a CheckError when `signal` fires or all tries bring no answer, and with the socket's error.
 */
export async function sendQuery(context: QueryContext): Promise<Reply> {
  const { signal, tcpOnly, againMilliseconds } = context;
  const limit = limitSignal(signal, {
    milliseconds: TRIES * againMilliseconds,
    reason: "ResolverFailed",
  });
  try {
    const limited = { ...context, signal: limit.signal };
    const reply = tcpOnly ? undefined : await overUdp(limited);
    const isOfUse = reply && (!reply.truncated || reply.outcome === "found");
    return isOfUse ? reply : await overTcp(limited);
  } finally {
    limit.clear();
  }
}

async function overUdp(context: QueryContext): Promise<Reply> {
  const { query, server, signal, againMilliseconds, onQuery } = context;
  onQuery?.();
  const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
  let timer: NodeJS.Timeout | undefined;
  const send = (tries: number) => {
    socket.send(query);
    // From the same socket, so that a late answer to the first one counts.
    if (tries > 1) timer = setTimeout(send, againMilliseconds, tries - 1);
  };
  try {
    const answered = answerTo(query, socket);
    // A connected socket takes datagrams of this name server alone, and hears that nothing listens there.
    socket.once("connect", () => send(TRIES));
    socket.connect(server.port, server.address);
    return await raceAbort(answered, signal);
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

function answerTo(query: Buffer, socket: UdpSocket): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let strays = 0;
    // It stays: an error that comes late would end the program.
    socket.on("error", reject);
    socket.on("message", (message) => {
      const reply = parseReply(message, query);
      if (reply) return resolve(reply);
      strays += 1;
      if (strays > MAX_STRAY_DATAGRAMS) reject(new CheckError("ProtocolError"));
    });
  });
}

async function overTcp({ query, server, signal, onQuery }: QueryContext): Promise<Reply> {
  onQuery?.();
  const socket: TcpSocket = openSocket({
    host: server.address,
    port: server.port,
    noDelay: true,
    // By itself a socket takes 64 KiB at once, and a ring of memcached servers may be 32 sockets at a time.
    onread: {
      buffer: Buffer.alloc(LENGTH_BYTES + MAX_MESSAGE_BYTES),
      callback: (count, chunk) => socket.push(Buffer.copyBytesFrom(chunk, 0, count)),
    },
  });
  socket.on("error", () => {});
  try {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
    let received = Buffer.alloc(0);
    await readUntil({ stream: socket, socket, signal }, (chunk) => {
      received = Buffer.concat([received, chunk]);
      return received.length >= LENGTH_BYTES + lengthToRead(received);
    });
    const reply = parseReply(received.subarray(LENGTH_BYTES), query);
    if (reply === undefined) throw new CheckError("ProtocolError");
    return reply;
  } finally {
    socket.destroy();
  }
}

/** Of a longer message its beginning is enough. */
function lengthToRead(received: Buffer): number {
  if (received.length < LENGTH_BYTES) return MAX_MESSAGE_BYTES;
  return Math.min(received.readUInt16BE(0), MAX_MESSAGE_BYTES);
}
