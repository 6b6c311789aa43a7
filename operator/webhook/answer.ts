/** What the webhook's server answers, whoever asks. */

/** An HTTP answer. */
export interface Answer {
  status: number;
  /** JSON. */
  body: string;
}

/** An answer that is no review: a status of 4xx or 5xx, one word and one sentence for why. */
export function refusal(status: number, reason: string, message: string): Answer {
  return { status, body: JSON.stringify({ reason, message }) };
}
