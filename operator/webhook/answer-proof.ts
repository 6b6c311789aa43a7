/**
 * The answer to the proof that API servers reach this webhook: the leader sends a ConfigMap through an
 * API server as a dry run, and whichever replica gets it adds its annotation. No pod is ever looked at here.
 */
import {
  ANSWERED_BY_ANNOTATION,
  CHALLENGE_ANNOTATION,
  WEBHOOK_PROOF_CONFIG_MAP,
} from "../api/names.ts";
import { type Answer, refusal } from "./answer.ts";
import { type Fields, isObject } from "./fields.ts";
import { diff, type Operation } from "./patch.ts";
import { parseRequest, reviewAnswer } from "./review.ts";

/** The longest challenge that is answered; ours is a UUID of 36. What is answered goes back to whoever asks. */
const MAX_CHALLENGE_LENGTH = 64;

/** Who answers. */
export interface ProofSigner {
  podName: string;
  /** The operator's own namespace: only there is the ConfigMap that is answered. */
  ownNamespace: string;
}

/** The annotations of the ConfigMap that is to be answered; undefined for any other object. */
function annotationsOf(request: Fields, { ownNamespace }: ProofSigner): Fields | undefined {
  const { kind, namespace, object } = request;
  if (!isObject(kind) || kind.kind !== "ConfigMap" || (kind.group ?? "") !== "") return undefined;
  if (namespace !== ownNamespace || !isObject(object) || !isObject(object.metadata))
    return undefined;
  const { name, annotations } = object.metadata;
  return name === WEBHOOK_PROOF_CONFIG_MAP && isObject(annotations) ? annotations : undefined;
}

function answerChallenge(request: Fields, signer: ProofSigner): Operation[] {
  const annotations = annotationsOf(request, signer);
  const challenge = annotations?.[CHALLENGE_ANNOTATION];
  if (typeof challenge !== "string" || challenge.length > MAX_CHALLENGE_LENGTH) return [];
  const answered = { ...annotations, [ANSWERED_BY_ANNOTATION]: `${signer.podName} ${challenge}` };
  return [...diff(annotations, answered, "/metadata/annotations")];
}

/** Answers the review in `text`: 400 for what is none, else 200 and always allowed. Never throws. */
export function answerProof(text: string, signer: ProofSigner): Answer {
  const parsed = parseRequest(text);
  if ("refusal" in parsed) {
    const { reason, message } = parsed.refusal;
    return refusal(400, reason, message);
  }
  const { request } = parsed;
  return { status: 200, body: reviewAnswer(request.uid, answerChallenge(request, signer), []) };
}
