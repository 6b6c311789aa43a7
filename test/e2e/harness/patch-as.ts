/** A patch and no more: `kubectl patch` reads the object first, which not every account may. */
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { KUBECTL } from "../timeouts.ts";
import { apiConnection } from "./api-connection.ts";

/** What is to be patched in. */
export interface Patch {
  /** Of its content type, such as `merge-patch`. */
  kind: string;
  /** Sent as JSON. */
  patch: object;
}

/** What came of it. */
export interface Patched {
  status: number | undefined;
  body: string;
}

/** Sends a patch as `user`; resolves whatever the API server answers. */
export async function patchAs(
  user: string,
  path: string,
  { kind, patch }: Patch,
): Promise<Patched> {
  const { server, agent } = await apiConnection();
  const body = JSON.stringify(patch);
  const headers = {
    "Content-Type": `application/${kind}+json`,
    "Content-Length": Buffer.byteLength(body),
    "Impersonate-User": user,
  };
  const options = { method: "PATCH", agent, headers, signal: AbortSignal.timeout(KUBECTL) };
  const { promise, resolve, reject } = Promise.withResolvers<Patched>();
  const sent = request(`${server}${path}`, options, (response) => {
    text(response).then((answer) => resolve({ status: response.statusCode, body: answer }), reject);
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}
