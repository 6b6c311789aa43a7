/** A connection that ends at the first byte which does not belong to the request under way, or when that takes long. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { resetConnection } from "../bounds/reset-connection.ts";
import { createRequestFramer, type RequestFramer } from "./request-framer.ts";

/**
 * Stands between a socket and Node's parser, as the documentation of http.Server's event "connection" allows for
 * any Duplex. The parser works through all that was read at once and makes objects of each request in it, 90 ms
 * for 64 KiB, and nothing in a listener can stop it.
 */
export class FramedConnection extends Duplex {
  readonly #socket: Socket;
  readonly #tcp: Socket;
  readonly #framer: RequestFramer = createRequestFramer();
  readonly #milliseconds: number;
  /**
   * Answers the request under way. A client may have all of it and send the next request before Node says that it is
   * out, which it does a turn of the event loop later over TLS: as requests sent ahead, reviews were lost so.
   */
  #answer: Pick<ServerResponse, "writableEnded"> | undefined;
  /** What came then; the socket is paused meanwhile. */
  #early: Buffer | undefined;
  /** Runs from the first byte of a request until it is answered, and from our end to the client's. */
  #deadline: NodeJS.Timeout | undefined;
  /** As the socket has them: who is limited by address asks for these. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;

  /**
   * Takes over `socket`, from which nothing has been read. Each request has `milliseconds`. `tcp` is what a socket of
   * TLS is set up over: it alone can be reset.
   */
  constructor(socket: Socket, milliseconds: number, tcp = socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#tcp = tcp;
    this.#milliseconds = milliseconds;
    this.remoteAddress = socket.remoteAddress;
    this.remotePort = socket.remotePort;
    this.localAddress = socket.localAddress;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    // Where both sides have ended, the socket closes by itself after these.
    const destroyAfterBothEnds = () =>
      socket.readableEnded && socket.writableFinished && this.destroy();
    socket.on("finish", destroyAfterBothEnds);
    socket.on("end", () => destroyAfterBothEnds() || this.push(null));
    socket.on("timeout", () => this.emit("timeout"));
    // Resets are the client's business. An error of TLS has no "close" after it by itself: what the client sent then
    // was kept in memory, without a bound.
    socket.on("error", () => this.destroy());
    socket.on("close", () => this.destroy());
  }

  #take(chunk: Buffer): void {
    if (this.writableEnded) {
      this.destroy();
      return;
    }
    if (this.#answer?.writableEnded) {
      this.#keep(chunk);
      return;
    }
    this.#deadline ??= this.#startDeadline();
    const forParser = this.#framer.take(chunk);
    if (forParser === undefined) this.destroy();
    else if (forParser.length > 0 && !this.push(forParser)) this.#socket.pause();
  }

  #keep(chunk: Buffer): void {
    this.#early = this.#early ? Buffer.concat([this.#early, chunk]) : chunk;
    this.#socket.pause();
  }

  /** The request that is whole will be answered with this. */
  answeredWith(response: Pick<ServerResponse, "writableEnded">): void {
    this.#answer = response;
  }

  /** The answer is out: the client may send another request, unless the connection is at its end. */
  next(): void {
    this.#answer = undefined;
    if (this.writableEnded) return;
    this.#clearDeadline();
    this.#framer.next();
    const early = this.#early;
    this.#early = undefined;
    if (early === undefined) return;
    this.#socket.resume();
    this.#take(early);
  }

  #startDeadline(): NodeJS.Timeout {
    return setTimeout(() => this.destroy(), this.#milliseconds);
  }

  #clearDeadline(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  /** As Socket.setTimeout: Node's server ends idle connections with it. */
  setTimeout(milliseconds: number): this {
    this.#socket.setTimeout(milliseconds);
    return this;
  }

  /**
   * As Socket.destroySoon: Node's server ends a connection with it once the kernel has the answer. That is not to say
   * that the client has it: the connection stays, and counts, until the client ends it too or its time is over.
   */
  destroySoon(): void {
    this.end();
  }

  override _read(): void {
    if (this.#early === undefined) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#clearDeadline();
    this.#deadline = this.#startDeadline();
    this.#socket.end(() => done());
  }

  /**
   * The socket of TLS is left to follow the one below. Destroyed as well, within OpenSSL's call that a second handshake
   * is refused in, it would crash the process.
   */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#clearDeadline();
    resetConnection(this.#socket, this.#tcp);
    done(error);
  }
}
