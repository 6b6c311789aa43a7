/** The three programs of the soak: the sidecar, the operator, and the naive sidecar as a control. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { freePort } from "../../operator/sidecar/checks/testing/real-server.ts";
import { bundle, imageFlags } from "../sidecar-cost/image.ts";
import { naiveEnvironment } from "../sidecar-cost/naive-environment.ts";
import { sidecarEnvironment } from "../sidecar-cost/sidecar-environment.ts";
import type { CheckedServers } from "./checked-servers.ts";
import type { ControlGroups, Limits } from "./control-groups.ts";
import { CERTIFICATE_SECRET, OPERATOR_NAMESPACE } from "./fake-cluster.ts";
import { type LongProgram, startLongProgram } from "./long-program.ts";

/** Where programs find their files, and their limits. */
export interface Place {
  folder: string;
  groups: ControlGroups;
}

/** A program that answers /readyz. */
export interface Listening {
  program: LongProgram;
  port: number;
}

const VALUES = join(import.meta.dirname, "../../chart/values.yaml");
const WEBHOOK_SERVICE = "webhook";
/** The name in the webhook's certificate. */
export const DNS_NAME = `${WEBHOOK_SERVICE}.${OPERATOR_NAMESPACE}.svc`;
/** How many times more often than by default checks are made: what they may take grows with it. */
const PACE = 10;
const MIB = 2 ** 20;

interface ContainerLimits {
  cpu?: string;
  memory: string;
}

/** The chart's, but for the CPU: at ten times the pace, ten times as much. */
function limitsOf({ cpu, memory }: ContainerLimits): Limits {
  return {
    memoryBytes: Number.parseInt(memory, 10) * MIB,
    cores: cpu === undefined ? undefined : (PACE * Number.parseInt(cpu, 10)) / 1_000,
  };
}

const chart = () =>
  parse(readFileSync(VALUES, "utf8")) as {
    resources: { limits: ContainerLimits };
    sidecar: { resources: { limits: ContainerLimits } };
  };

async function bundled(folder: string, entry: string): Promise<string> {
  const file = join(folder, `${entry.replaceAll("/", "-")}.cjs`);
  await bundle(entry, file);
  return file;
}

/** Starts the sidecar as its image runs it. */
export async function startSidecar(
  { folder, groups }: Place,
  { port, mounted }: { port: number; mounted: string },
): Promise<Listening> {
  const { flags, env } = imageFlags();
  const state = join(folder, "state");
  mkdirSync(state);
  const program = startLongProgram({
    name: "sidecar",
    args: [...flags, await bundled(folder, "operator/cmd/sidecar.ts")],
    env: { ...env, ...sidecarEnvironment({ port, mounted, state }) },
    group: groups.make("sidecar", limitsOf(chart().sidecar.resources.limits)),
  });
  return { program, port };
}

/** Starts the naive sidecar, on the database and the cache. It gets the sidecar's CPU and more memory than it takes. */
export async function startNaive(
  { folder, groups }: Place,
  { all }: CheckedServers,
): Promise<Listening> {
  const port = await freePort();
  const portOf = (name: string) => all.find((one) => one.name === name)?.proxy.port ?? 0;
  const { cores } = limitsOf(chart().sidecar.resources.limits);
  const program = startLongProgram({
    name: "naive",
    args: [await bundled(folder, "bench/sidecar-cost/naive.ts")],
    env: naiveEnvironment({
      port,
      host: "127.0.0.1",
      database: portOf("database"),
      caches: [portOf("cache")],
    }),
    group: groups.make("naive", { memoryBytes: 256 * MIB, cores }),
  });
  return { program, port };
}

/** Starts the operator as its image runs it, with the API server at `url`. */
export async function startOperator(
  { folder, groups }: Place,
  url: string,
): Promise<Listening & { webhookPort: number }> {
  const [port, webhookPort] = [await freePort(), await freePort()];
  const { flags, env } = imageFlags("operator");
  const config = {
    clusters: [{ name: "c", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  writeFileSync(join(folder, "kubeconfig"), JSON.stringify(config));
  const settings = {
    KUBECONFIG: join(folder, "kubeconfig"),
    POD_NAME: "operator-1",
    POD_NAMESPACE: OPERATOR_NAMESPACE,
    WEBHOOK_PORT: String(webhookPort),
    MANAGEMENT_PORT: String(port),
    WEBHOOK_SERVICE,
    CERTIFICATE_SECRET,
    CLUSTER_ROLE: "role",
    SIDECAR_IMAGE: "sidecar:1",
  };
  const program = startLongProgram({
    name: "operator",
    args: [...flags, await bundled(folder, "operator/cmd/operator.ts")],
    env: { ...env, ...settings },
    group: groups.make("operator", limitsOf(chart().resources.limits)),
  });
  return { program, port, webhookPort };
}
