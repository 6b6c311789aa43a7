/** Whatever arrives at the webhook's port is answered or refused, the connection ends, and reviews go on. */
import { afterAll, beforeAll, expect } from "@jest/globals";
import { fuzz } from "../../test/fuzz/fuzz.ts";
import { exchange, statusesOf, strangeRequests } from "../../test/fuzz/strange-http.ts";
import { ADMISSION_PATH, POLICIES_PATH } from "../api/names.ts";
import { postReview, reviewOf, type Target } from "./testing/client.ts";
import { POD, runningWebhooks } from "./testing/running-webhooks.ts";
import { handshake } from "./testing/tls-client.ts";

/** The server's own timeout for a request, its clock of one second, and a busy machine. */
const PATIENCE_MILLISECONDS = 10_000;
/** That of the right review, with its patch. */
const MAX_ANSWER_CHARACTERS = 20_000;
const STATUSES = [100, 200, 400, 404, 405, 408, 411, 413, 415, 417, 431, 503];

const { start, close } = runningWebhooks();
let target: Target;
beforeAll(async () => {
  ({ target } = await start());
});
afterAll(close);

/** Twice at most: where a machine stands still for seconds, the server's own deadlines end what waits. */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch {
    return attempt();
  }
}

const body = JSON.stringify(reviewOf(POD));
const HEAD = `POST ${ADMISSION_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;

fuzz("whatever arrives at the webhook's port is answered or refused, and reviews go on", {
  input: strangeRequests([
    `${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`,
    `${HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    `GET ${POLICIES_PATH}/shop/web HTTP/1.1\r\nHost: x\r\n\r\n`,
  ]),
  runs: 25,
  holds: async (sent) => {
    const { socket } = await again(() => handshake(target));
    const received = await exchange(socket, sent, PATIENCE_MILLISECONDS);
    expect(received.length).toBeLessThan(MAX_ANSWER_CHARACTERS);
    const statuses = statusesOf(received);
    for (const status of statuses) expect(STATUSES).toContain(status);
    // An interim answer, one review after another that was answered, and the refusal of what is none.
    expect(statuses.length).toBeLessThanOrEqual(6);
    const { response } = await again(() => postReview(target, reviewOf(POD)));
    expect(response.allowed).toBe(true);
  },
});
