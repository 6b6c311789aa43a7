import { READY_PATH } from "../../../operator/api/names.ts";
import { HTTP_ANSWER } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";
import { type Pod, sidecarPort } from "./pods.ts";

/** Runs in the plain pod: one GET, its status and body as JSON. */
const SCRIPT = `
fetch(process.argv[1], { signal: AbortSignal.timeout(${HTTP_ANSWER}) }).then(async (answer) =>
  console.log(JSON.stringify({ status: answer.status, body: (await answer.text()).trim() })));
`;

/** What the kubelet's readiness probe of our container would get now, body included. */
export async function probeAnswer(pod: Pod): Promise<{ status: number; body: string }> {
  const url = `http://${pod.status.podIP}:${sidecarPort(pod)}${READY_PATH}`;
  const client = ["exec", "-n", pod.metadata.namespace, "client", "--", "node", "-e", SCRIPT, url];
  return JSON.parse(await kubectl(client)) as { status: number; body: string };
}
