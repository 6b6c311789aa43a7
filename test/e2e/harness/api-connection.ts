/** The API server that kubectl asks, over a connection that is kept. */
import { Agent } from "node:https";
import { kubectlJson } from "./kubectl.ts";

interface KubeConfig {
  clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
  users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

/** Its address, and with which certificates it is asked. */
export interface ApiConnection {
  server: string;
  agent: Agent;
}

const pem = (base64 = "") => Buffer.from(base64, "base64");

/** As kind writes kubectl's configuration. */
async function connect(): Promise<ApiConnection> {
  const { clusters, users } = await kubectlJson<KubeConfig>("config", "view", "--raw", "--minify");
  const agent = new Agent({
    keepAlive: true,
    ca: pem(clusters[0]?.cluster["certificate-authority-data"]),
    cert: pem(users[0]?.user["client-certificate-data"]),
    key: pem(users[0]?.user["client-key-data"]),
  });
  return { server: clusters[0]?.cluster.server ?? "", agent };
}

let connected: Promise<ApiConnection> | undefined;

/** The same for the whole test file. */
export function apiConnection(): Promise<ApiConnection> {
  connected ??= connect();
  return connected;
}
