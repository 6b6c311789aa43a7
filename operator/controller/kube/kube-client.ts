/**
 * Calls to the API server: raw JSON in and out, so that no field of an object is lost on the way.
 * The client library gives configuration and credentials only: its typed reads drop fields they do not
 * know, and its fetch path opens a new connection pool on every call.
 */
import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { type ApiCall, type Method, verbOf } from "./api-call.ts";
import { AnswerTooLarge, ApiError } from "./api-error.ts";
import { createOneAtATime, type OneAtATime } from "./one-at-a-time.ts";
import type { ReadOn } from "./pending-text.ts";
import { readAnswer } from "./read-answer.ts";

/** The longest an ordinary call may take, answer included, without its wait for a turn to read on. */
const CALL_DEADLINE_MILLISECONDS = 10_000;
/**
 * The largest answer that is read, which one object must fit into: 1.5 MiB in etcd are 9 MiB as JSON, where every byte
 * is one that the API server writes as six characters, such as `<` in an ownerReference. One object that did not fit
 * would keep everybody who lists or watches its kind from ever being up to date.
 */
export const MAX_OBJECT_BYTES = 12 * 1024 * 1024;
/**
 * Connections to the API server, calls and watches together. There are at most 26 watches (20 namespaces' pods, the
 * operator's own, both kinds of policies, namespaces, Services, the Secret), and twice as many for a moment while the
 * watches of pods are exchanged; the rest is for calls, which would otherwise wait for a watch to end.
 */
const MAX_SOCKETS = 64;

const APPLY = "application/apply-patch+yaml";

/** One call. */
export interface KubeRequest {
  method: Method;
  /** Absolute path below the server's address. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  contentType?: string;
  /** Ends the call early; it then rejects. */
  signal?: AbortSignal;
  /** A longer answer is not read: AnswerTooLarge. Default: MAX_OBJECT_BYTES. */
  maxBytes?: number;
  /** Default: 10 s. */
  deadlineMilliseconds?: number;
}

/** What a server-side apply says about the object and its writer. */
export interface ApplyOptions {
  path: string;
  object: object;
  fieldManager: string;
  /** Take fields from other managers; only for fields that nobody else may own. */
  force: boolean;
  /** Validate and merge, store nothing. */
  dryRun?: boolean;
  signal?: AbortSignal;
}

/** Access to one API server. Every rejection is an ApiError or an Error wrapped "while ...". */
export interface KubeClient {
  /** Resolves with the parsed answer. */
  request<T>(request: KubeRequest): Promise<T>;
  /** Resolves with the open body of a 200 answer; the deadline covers the headers only. */
  stream(request: KubeRequest): Promise<http.IncomingMessage>;
  /** Server-side apply; resolves with the object as stored. */
  apply<T>(options: ApplyOptions): Promise<T>;
  /** Whose turn it is to read on, of all whose unfinished line or answer is long. */
  longReads: OneAtATime;
}

/**
 * Where the API server is, and what makes a call one of ours. A type alone: the library takes a third of a second of
 * CPU to load, which everything that calls an API server would pay, each test file too.
 */
export type KubeAccess = Pick<KubeConfig, "getCurrentCluster" | "applyToHTTPSOptions">;

/** The way to one API server. */
interface Connection {
  send(request: KubeRequest, signal: AbortSignal): Promise<http.IncomingMessage>;
  /** Closes the connections that wait for a next call. */
  closeIdle(): void;
}

function urlOf(server: string, request: KubeRequest): URL {
  const url = new URL(server.replace(/\/$/, "") + request.path);
  for (const [key, value] of Object.entries(request.query ?? {})) url.searchParams.set(key, value);
  return url;
}

function connect(access: KubeAccess): Connection {
  const cluster = access.getCurrentCluster();
  if (!cluster) throw new Error("while reading the Kubernetes configuration: no current cluster");
  const { server, proxyUrl } = cluster;
  const secure = server.startsWith("https:");
  const { request: start } = secure ? https : http;
  // Node keeps a pool for each client certificate, so a rotated one never uses an old connection.
  const pool = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: 4 };
  const agent = secure ? new https.Agent(pool) : new http.Agent(pool);
  async function send(request: KubeRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const options: https.RequestOptions = { method: request.method, headers: {} };
    await access.applyToHTTPSOptions(options);
    if (!proxyUrl) options.agent = agent;
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    options.headers = {
      ...options.headers,
      accept: "application/json",
      ...(body && {
        "content-type": request.contentType ?? "application/json",
        "content-length": body.length,
      }),
    };
    options.signal = signal;
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const call = start(urlOf(server, request), options, resolve);
    call.on("error", reject);
    call.end(body);
    return promise;
  }

  return {
    send,
    closeIdle: () => {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    },
  };
}

/** Throws an error of its own: the parser's message quotes its input, which can be a Secret. */
function parseJson<T>(body: string): T {
  try {
    return JSON.parse(body) as T;
  } catch {
    throw new Error("the answer is not JSON");
  }
}

function isGood(response: http.IncomingMessage): boolean {
  const code = response.statusCode ?? 0;
  return code >= 200 && code < 300;
}

function apiError(doing: string, response: http.IncomingMessage, body: string): ApiError {
  const retryAfter = response.headers["retry-after"];
  return new ApiError(doing, {
    code: response.statusCode ?? 0,
    body,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

function wrapped(doing: string, error: unknown): Error {
  if (error instanceof ApiError) return error;
  if (error instanceof AnswerTooLarge)
    return new AnswerTooLarge(`while ${doing}: ${error.message}`);
  const text = error instanceof Error ? error.message : String(error);
  return new Error(`while ${doing}: ${text}`, { cause: error });
}

/** When a call ends, and how it waits for what is not the server's fault. */
interface Deadline {
  /** The caller's, and that of the deadline. */
  signal: AbortSignal;
  /** An open stream may live longer, and a timer left behind keeps the process alive. */
  done: () => void;
  /**
   * Waits for the turn to read on. The deadline begins anew after it: else long answers to others would end this call.
   * The wait ends because each of those has a deadline too.
   */
  readOn: ReadOn;
}

function startDeadline(request: KubeRequest, longReads: OneAtATime): Deadline {
  const milliseconds = request.deadlineMilliseconds ?? CALL_DEADLINE_MILLISECONDS;
  const late = new AbortController();
  const start = () =>
    setTimeout(() => late.abort(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  let timer = start();
  const done = () => clearTimeout(timer);
  const signals = request.signal ? [request.signal, late.signal] : [late.signal];
  const signal = AbortSignal.any(signals);
  const readOn = async () => {
    done();
    const leave = await longReads(signal);
    timer = start();
    return leave;
  };
  return { signal, done, readOn };
}

/**
 * The same client for work that ends with `signal`: no call starts after it has fired, not even the
 * second of two that belong together, and what is under way is ended.
 */
export function endingWith(signal: AbortSignal, client: KubeClient): KubeClient {
  const both = (other?: AbortSignal) => (other ? AbortSignal.any([signal, other]) : signal);
  return {
    request: (options) => client.request({ ...options, signal: both(options.signal) }),
    stream: (options) => client.stream({ ...options, signal: both(options.signal) }),
    apply: (options) => client.apply({ ...options, signal: both(options.signal) }),
    longReads: client.longReads,
  };
}

/** A client for the current cluster of `access`. `onCall` is told of every call that was begun. */
export function createKubeClient(
  access: KubeAccess,
  onCall: (call: ApiCall) => void = () => {},
): KubeClient {
  const { send, closeIdle } = connect(access);
  const longReads = createOneAtATime();

  async function sendCounted(request: KubeRequest, signal: AbortSignal) {
    const verb = verbOf(request);
    try {
      const response = await send(request, signal);
      onCall({ verb, code: response.statusCode });
      return response;
    } catch (error) {
      onCall({ verb, code: undefined });
      throw error;
    }
  }

  async function call<T>(
    request: KubeRequest,
    use: (response: http.IncomingMessage, begun: { doing: string; readOn: ReadOn }) => Promise<T>,
  ): Promise<T> {
    const doing = `calling ${request.method} ${request.path}`;
    const { signal, done, readOn } = startDeadline(request, longReads);
    try {
      signal.throwIfAborted();
      return await use(await sendCounted(request, signal), { doing, readOn });
    } catch (error) {
      // When a node fails or a route goes, all open connections are dead, but none of them reports it. So
      // a call without an answer closes the idle ones too. Otherwise each of the next calls would take one
      // of them and wait for its whole deadline, and the Lease would be lost meanwhile.
      if (!(error instanceof ApiError)) closeIdle();
      // Node says only "The operation was aborted"; the signal has the reason.
      throw wrapped(doing, signal.aborted ? signal.reason : error);
    } finally {
      done();
    }
  }

  function request<T>(options: KubeRequest): Promise<T> {
    return call(options, async (response, { doing, readOn }) => {
      const { maxBytes = MAX_OBJECT_BYTES } = options;
      const body = await readAnswer(response, { maxBytes, readOn });
      if (!isGood(response)) throw apiError(doing, response, body);
      return parseJson<T>(body);
    });
  }

  return {
    longReads,
    request,
    stream: (options) =>
      call(options, async (response, { doing, readOn }) => {
        if (response.statusCode === 200) return response;
        const body = await readAnswer(response, { maxBytes: MAX_OBJECT_BYTES, readOn });
        throw apiError(doing, response, body);
      }),
    apply: ({ path, object, fieldManager, force, dryRun, signal }) =>
      request({
        method: "PATCH",
        path,
        query: { fieldManager, force: String(force), ...(dryRun && { dryRun: "All" }) },
        // JSON is YAML.
        contentType: APPLY,
        body: object,
        ...(signal && { signal }),
      }),
  };
}
