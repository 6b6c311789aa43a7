/** Has pods reviewed by the webhook, as an API server does, and counts those that miss their sidecar. */
import { request } from "node:https";
import { ADMISSION_PATH, SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { reviewOf } from "../../operator/webhook/testing/client.ts";
import { repeat } from "./repeat.ts";

/** One review, and what came of it. */
export interface Review {
  /** When it was sent, in milliseconds of performance.now(). */
  at: number;
  /** Why the pod missed its sidecar, with the time of day; undefined where it has one. */
  missed: string | undefined;
}

/** The running reviews. */
export interface Reviews {
  sent: Review[];
  /** Resolves when the signal has fired. */
  done: Promise<void>;
}

/** The webhook, and whom the webhook configuration says to trust at this moment. */
export interface Webhook {
  port: number;
  dnsName: string;
  trusted(): string;
}

const PERIOD_MILLISECONDS = 500;
/** `webhook.timeoutSeconds` of the chart: then the pod is made without its sidecar. */
const TIMEOUT_MILLISECONDS = 3_000;
/** A pod that the policy selects. */
const POD = {
  metadata: { generateName: "web-", labels: { app: "web" } },
  spec: { containers: [{ name: "app", image: "app:1" }] },
};
const BODY = JSON.stringify(reviewOf(POD));

/** One review, on a connection of its own: each shakes hands with the certificate of the moment. */
function review({ port, dnsName, trusted }: Webhook): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port,
        servername: dnsName,
        ca: trusted(),
        agent: false,
        method: "POST",
        path: ADMISSION_PATH,
        headers: { "Content-Type": "application/json" },
        signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        response.once("error", reject);
        response.once("end", () => resolve(text));
      },
    );
    outgoing.once("error", reject);
    outgoing.end(BODY);
  });
}

/** Why the answer gives the pod no sidecar; undefined: it does. */
function whyMissed(text: string): string | undefined {
  const { response } = JSON.parse(text) as { response?: { patch?: string; warnings?: string[] } };
  const patch = Buffer.from(response?.patch ?? "", "base64").toString();
  if (patch.includes(`"${SIDECAR_CONTAINER}"`)) return undefined;
  return `no sidecar: ${response?.warnings?.join(" ") || "no warning"}`;
}

/** Sends reviews until the signal fires. */
export function startReviews(webhook: Webhook, signal: AbortSignal): Reviews {
  const reviews: Reviews = { sent: [], done: Promise.resolve() };
  reviews.done = repeat(
    { periodMilliseconds: PERIOD_MILLISECONDS, signal },
    () => review(webhook).then(whyMissed, ({ message }: Error) => message),
    (why, at) => {
      reviews.sent.push({ at, missed: why && `${new Date().toISOString()} ${why}` });
    },
  );
  return reviews;
}
