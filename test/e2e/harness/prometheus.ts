/** A real Prometheus on this machine, which scrapes the cluster as the chart's monitors say. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { CHART, type Manifest } from "../../../chart/tests/helm.ts";
import { KUBECTL, PROMETHEUS_STARTS } from "../timeouts.ts";
import { type ApiAccess, scrapeConfig } from "./scrape-config.ts";
import { endpointsFound, podsFound, type TargetGroup } from "./scrape-targets.ts";
import { waitUntil } from "./wait-for.ts";

/** One sample of an answer. */
export interface Sample {
  metric: Record<string, string>;
  /** NaN is one, where a quantile is asked of nothing. */
  value: number;
}

/** A rule as Prometheus has evaluated it. */
export interface EvaluatedRule {
  name: string;
  /** `ok` once it has been evaluated without an error. */
  health: string;
}

/** A running Prometheus. */
export interface Prometheus {
  /** Looks for targets in the cluster anew. */
  discover(): Promise<void>;
  query(expression: string): Promise<Sample[]>;
  rules(): Promise<EvaluatedRule[]>;
  stop(): Promise<void>;
}

interface KubeConfigFile {
  clusters: { cluster: Record<string, string> }[];
  users: { user: Record<string, string> }[];
}

/** The kind cluster's certificates as files, as Prometheus takes them for scrapes. */
async function apiAccess(directory: string): Promise<ApiAccess> {
  const file = parse(await readFile(process.env.KUBECONFIG ?? "", "utf8")) as KubeConfigFile;
  const cluster = file.clusters[0]?.cluster ?? {};
  const user = file.users[0]?.user ?? {};
  const save = async (name: string, base64 = "") => {
    const path = join(directory, name);
    await writeFile(path, Buffer.from(base64, "base64"), { mode: 0o600 });
    return path;
  };
  return {
    address: new URL(cluster.server ?? "").host,
    tls: {
      ca_file: await save("ca.crt", cluster["certificate-authority-data"]),
      cert_file: await save("client.crt", user["client-certificate-data"]),
      key_file: await save("client.key", user["client-key-data"]),
    },
  };
}

/** What is found for a monitor. */
function discovered({ kind, metadata }: Manifest): Promise<TargetGroup[]> {
  return kind === "PodMonitor" ? podsFound() : endpointsFound(metadata.namespace ?? "");
}

/** Puts a file in the place of another at once: Prometheus must not read half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

async function freePort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(KUBECTL) });
  const { status, data, error } = (await response.json()) as {
    status: string;
    data: T;
    error?: string;
  };
  if (status !== "success") throw new Error(`${url}: ${error}`);
  return data;
}

/** Starts it with these monitors and the chart's alerts. */
export async function startPrometheus(monitors: readonly Manifest[]): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), "healthpolicy-prometheus-"));
  const access = await apiAccess(directory);
  const targetsFile = ({ kind }: Manifest) => join(directory, `${kind}.json`);
  const config = {
    // Often, so that rates have several samples soon.
    global: { scrape_interval: "5s", evaluation_interval: "5s" },
    rule_files: [join(CHART, "files/rules.yaml")],
    scrape_configs: monitors.map((monitor) => scrapeConfig(monitor, access, targetsFile(monitor))),
  };
  const discover = async () => {
    for (const monitor of monitors) {
      await replaceFile(targetsFile(monitor), JSON.stringify(await discovered(monitor)));
    }
  };
  await discover();
  const file = join(directory, "prometheus.yaml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const parameters = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, "data")}`,
    `--web.listen-address=${address}`,
    "--log.level=error",
  ];
  const program = spawn("prometheus", parameters, { stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise<void>((resolve) => program.once("close", () => resolve()));
  const url = `http://${address}`;
  const stop = async () => {
    program.kill();
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const ready = waitUntil(
    { what: "Prometheus to be ready", within: PROMETHEUS_STARTS },
    async () => {
      const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
      return answer?.ok === true;
    },
  );
  // A program that ends at once has said why.
  await Promise.race([
    ready,
    ended.then(() => Promise.reject(new Error("Prometheus has ended"))),
  ]).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    discover,
    query: async (expression) => {
      const path = `${url}/api/v1/query?query=${encodeURIComponent(expression)}`;
      const { result } = await get<{
        result: { metric: Sample["metric"]; value: [number, string] }[];
      }>(path);
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    rules: async () => {
      const { groups } = await get<{ groups: { rules: EvaluatedRule[] }[] }>(`${url}/api/v1/rules`);
      return groups.flatMap(({ rules }) => rules);
    },
    stop,
  };
}
