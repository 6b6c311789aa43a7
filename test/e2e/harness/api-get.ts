/**
 * Reads of the API server over a connection that is kept. Tests ask it hundreds of times while they wait, and a kubectl
 * for each question, several of them at any moment, took a fifth of the CPU that what they wait for needs.
 */
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { text } from "node:stream/consumers";
import { KUBECTL } from "../timeouts.ts";
import { type ApiConnection, apiConnection } from "./api-connection.ts";

function answerOf({ server, agent }: ApiConnection, path: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = get(`${server}${path}`, { agent, signal: AbortSignal.timeout(KUBECTL) }, resolve);
  request.on("error", (error: NodeJS.ErrnoException) => {
    // The API server has ended a connection that nobody used: no answer to this question. Asked again, on another one.
    if (request.reusedSocket && error.code === "ECONNRESET")
      resolve(answerOf({ server, agent }, path));
    else reject(error);
  });
  return promise;
}

/** What the API server answers to GET, as `kubectl get --raw` prints it. Throws with its own words at a refusal. */
export async function apiGet(path: string): Promise<string> {
  const response = await answerOf(await apiConnection(), path);
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`GET ${path}: ${response.statusCode} ${body}`);
  return body;
}

/** The parsed answer to GET. */
export async function apiGetJson<T>(path: string): Promise<T> {
  return JSON.parse(await apiGet(path)) as T;
}
