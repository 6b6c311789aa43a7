/**
 * Asks a sidecar what it says of itself. Whoever may create pods decides what answers there, so everything about an
 * answer has a bound, and one that goes over it is none.
 */
import http from "node:http";
import { BlockList, isIP } from "node:net";
import { MAX_STATUS_BYTES } from "../../api/limits.ts";
import { STATUS_PATH } from "../../api/names.ts";

/** A sidecar answers from memory; one that has not answered by then counts as not answering. */
const DEADLINE_MILLISECONDS = 1_000;
/** Our own head has about 100 bytes; a mesh's proxy adds a few lines to it. */
const MAX_HEAD_BYTES = 4_096;
/** Head, body and how it is cut into chunks. */
const MAX_WIRE_BYTES = MAX_HEAD_BYTES + 2 * MAX_STATUS_BYTES;

/** Where a sidecar listens. */
export interface SidecarAddress {
  ip: string;
  port: number;
}

const NOT_PODS = new BlockList();
// The operator itself, the node's link (where clouds serve credentials), and addresses of more than one machine.
NOT_PODS.addSubnet("0.0.0.0", 8, "ipv4");
NOT_PODS.addSubnet("127.0.0.0", 8, "ipv4");
NOT_PODS.addSubnet("169.254.0.0", 16, "ipv4");
NOT_PODS.addSubnet("224.0.0.0", 4, "ipv4");
NOT_PODS.addAddress("255.255.255.255", "ipv4");
NOT_PODS.addAddress("::", "ipv6");
NOT_PODS.addAddress("::1", "ipv6");
NOT_PODS.addSubnet("fe80::", 10, "ipv6");
NOT_PODS.addSubnet("ff00::", 8, "ipv6");

/** Whether a pod could have this address. Kubelets write it, and so may whoever may write the status of pods. */
export function isPodAddress(ip: string): boolean {
  const family = isIP(ip);
  return family !== 0 && !NOT_PODS.check(ip, family === 6 ? "ipv6" : "ipv4");
}

function get(url: URL): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const signal = AbortSignal.timeout(DEADLINE_MILLISECONDS);
  // The last word. After some answers, such as 101, a request that is destroyed says nothing more; who waits for it
  // would wait for ever, and with it whoever waits for the end of all questions.
  signal.addEventListener("abort", () => reject(signal.reason));
  const request = http.get(url, {
    // A connection of its own, which ends with the answer. Only the shared agent would take a proxy from the
    // environment.
    agent: false,
    maxHeaderSize: MAX_HEAD_BYTES,
    signal,
  });
  request.on("error", reject);
  // Answers before the answer, of which there could be any number.
  request.on("information", () => request.destroy(new Error("it does not answer at once")));
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      const onTheWire = response.socket.bytesRead;
      if (bytes > MAX_STATUS_BYTES || onTheWire > MAX_WIRE_BYTES) {
        response.destroy(new Error("the answer is too long"));
      }
      chunks.push(chunk);
    });
    response.on("error", reject);
    response.on("end", () => {
      // Others than 200 are no answers, redirects among them.
      if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
      else reject(new Error(`answered ${response.statusCode}`));
    });
  });
  return promise;
}

/**
 * Resolves with the body of the sidecar's /status, or with undefined, whatever went wrong; within a second. Never
 * rejects. Asks only where `mayAsk` lets it; only tests let it ask another address than a pod's.
 */
export async function askSidecar(
  { ip, port }: SidecarAddress,
  mayAsk: (ip: string) => boolean = isPodAddress,
): Promise<string | undefined> {
  if (!mayAsk(ip)) return undefined;
  const host = ip.includes(":") ? `[${ip}]` : ip;
  try {
    return await get(new URL(`http://${host}:${port}${STATUS_PATH}`));
  } catch {
    // Whatever the error was, the sidecar has not said anything.
    return undefined;
  }
}
