/** Login and query by the driver, over a stream that is ours. */
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import pg from "pg";
import { CheckError } from "./check.ts";
import { createFrameReader, type Frame } from "./postgresql-frames.ts";
import type { Login } from "./postgresql-target.ts";
import { readUntil } from "./read-until.ts";

/** What a session runs over and what ends it. */
export interface Session {
  stream: Duplex;
  /** The socket under `stream`, whose bytes are counted. */
  socket: Socket;
  signal: AbortSignal;
  login: Login;
}

/** What the database's administrator sees in pg_stat_activity. */
const APPLICATION_NAME = "healthpolicy";

/** The message that ends a session, so that the server does not log a lost client. */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

/** Where the login stands; an error of the driver that has no code is explained by it. */
type Stage = "Started" | "Authenticating" | "LoggedIn";

/**
 * What PgBouncer (seen with 1.18) says instead of asking for a password when all places for clients are
 * taken. The SQLSTATE is that of a broken protocol, as for all that it says itself; taken at its word, a
 * busy pooler would empty the Service.
 */
const POOLER_IS_FULL = {
  severity: "FATAL",
  code: "08P01",
  message: "no more connections allowed (max_client_conn)",
};

/** Offsets in an authentication message. */
const AUTHENTICATION_CODE = 5;
/** Codes: logged in; then what the driver can answer: a password in clear, its MD5, SCRAM. */
const AUTHENTICATION_OK = 0;
const ANSWERABLE: readonly number[] = [3, 5, 10, 11, 12];

/**
 * Logs in, runs `query` as one simple query and returns the number of its rows. Rejects with a CheckError,
 * a stream's error or the driver's DatabaseError with its SQLSTATE.
 * Holds nothing afterwards, whether the driver's promises have settled or not: its client has no timer and
 * no socket of its own.
 */
export async function countRows(session: Session, query: string): Promise<number> {
  const { stream, socket, signal, login } = session;
  const state: { stage: Stage } = { stage: "Started" };
  const driverStream = new DriverStream(stream);
  const client = createClient(login, driverStream);
  // The listener stays: what the driver says without being asked must not become an uncaught exception.
  const failed = new Promise<never>((_, reject) => client.on("error", reject));
  const read = createFrameReader((frame) => {
    state.stage = nextStage(state.stage, frame, login);
    driverStream.receive(frame.bytes);
  });
  // Never resolves, since the reader never says "enough": it is how the session learns of its end.
  const ended = readUntil({ stream, socket, signal }, (chunk) => {
    read(chunk);
    return false;
  });
  try {
    const rows = await Promise.race([runQuery(client, query, state), ended, failed]);
    return rows ?? 0;
  } finally {
    if (stream.writable) stream.write(TERMINATE);
  }
}

async function runQuery(
  client: pg.Client,
  query: string,
  state: { stage: Stage },
): Promise<number> {
  try {
    await client.connect();
    const results = await client.query({ text: query, rowMode: "array" });
    // Several statements give several results.
    return [results].flat().reduce((sum, { rows }) => sum + rows.length, 0);
  } catch (error) {
    if (state.stage === "Started" && isPoolerFull(error))
      throw new CheckError("TooManyConnections");
    // The driver's own refusals (no common SCRAM mechanism, a server that cannot prove itself) have no code.
    const hasCode = (error as { code?: unknown }).code !== undefined;
    throw state.stage === "Authenticating" && !hasCode
      ? new CheckError("AuthenticationFailed")
      : error;
  }
}

function isPoolerFull(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  const { severity, code, message } = error;
  return isDeepStrictEqual({ severity, code, message }, POOLER_IS_FULL);
}

function nextStage(stage: Stage, { type, bytes }: Frame, { password }: Login): Stage {
  if (type !== "R") return stage;
  const code = bytes.readUInt32BE(AUTHENTICATION_CODE);
  if (code === AUTHENTICATION_OK) return "LoggedIn";
  // Kerberos and the like, or a password that nobody gave us.
  if (!ANSWERABLE.includes(code) || password === "") throw new CheckError("AuthenticationFailed");
  return "Authenticating";
}

function createClient(login: Login, stream: DriverStream): pg.Client {
  const client = new pg.Client({
    host: login.host,
    port: login.port,
    user: login.user,
    database: login.database,
    // A function, because without a password the driver looks for one in the environment and in ~/.pgpass.
    password: () => login.password,
    ...(login.options === undefined ? {} : { options: login.options }),
    application_name: APPLICATION_NAME,
    // TLS is done by now; left out, the driver reads PGSSLMODE.
    ssl: false,
    stream: () => stream as unknown as Duplex,
    // Texts as they came: a value is never looked at.
    types: { getTypeParser: () => (value: string) => value },
  });
  return client;
}

/**
 * The driver's view of a stream that is connected already. It can write; what it reads was checked before,
 * and the end of the connection is not its to decide.
 */
class DriverStream extends EventEmitter {
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
  }

  get writable(): boolean {
    return this.#stream.writable;
  }

  /** Hands whole messages to the driver. What its parser throws comes out here, not as an uncaught exception. */
  receive(bytes: Buffer): void {
    this.emit("data", bytes);
  }

  connect(): void {
    queueMicrotask(() => this.emit("connect"));
  }

  write(bytes: Buffer): boolean {
    return this.#stream.write(bytes);
  }

  setNoDelay(): void {}
  end(): void {}
  destroy(): void {}
}
