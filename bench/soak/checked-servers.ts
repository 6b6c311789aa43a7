/** Real servers behind proxies that can be told to fail, and the folder of a pod that depends on them. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { secretKeyPath } from "../../operator/api/names.ts";
import type { HealthPolicySpec } from "../../operator/api/v1alpha1.ts";
import type { RealServer } from "../../operator/sidecar/checks/testing/real-server.ts";
import {
  encrypted,
  SECRET,
  startServers,
  withoutTls,
  writeMounted,
} from "../sidecar-cost/servers.ts";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";

/** A server, and the proxy by which it is reached. */
export interface CheckedServer {
  /** The dependency's name in the policy. */
  name: string;
  server: RealServer;
  proxy: FaultyProxy;
}

/**
 * An interval ten times as short as by default, and times as long as still nest in it. A busy machine's pauses do not
 * shorten with it: so there are more failures in a row before a dependency is down, which takes 3 s, not 14.
 */
export const SHORT_TIMES = {
  timing: {
    connectTimeout: "450ms",
    checkTimeout: "500ms",
    interval: "500ms",
    failureThreshold: 5,
  },
} satisfies Partial<HealthPolicySpec>;
/** The defaults: TCP sends a lost SYN again after a second, which no shorter time can wait for. */
export const DEFAULT_TIMES: Partial<HealthPolicySpec> = {};

/** The servers of one pod. */
export interface CheckedServers {
  all: CheckedServer[];
  /** Writes the policy with these times, as the kubelet would bring it. */
  writePolicy(times: Partial<HealthPolicySpec>): void;
  /** Writes one key of the pod's Secret, and gives what stood there. */
  writeKey(key: string, text: string): void;
  stop(): Promise<void>;
}

/** Starts them; `folder` becomes what the pod mounts. */
export async function startCheckedServers(folder: string): Promise<CheckedServers> {
  const { servers, stop } = await startServers();
  const { database, mariadb, redisTls, web, cache } = servers;
  const behind = async (name: string, server: RealServer, port = server.port) => ({
    name,
    server,
    proxy: await startFaultyProxy(port),
  });
  const all = [
    await behind("database", database),
    await behind("orders", mariadb),
    await behind("store", redisTls),
    await behind("api", web, web.tlsPort),
    await behind("cache", cache),
  ];
  const portOf = (name: string) => all.find((one) => one.name === name)?.proxy.port ?? 0;
  const proxied = {
    ...servers,
    database: { ...database, port: portOf("database") },
    mariadb: { ...mariadb, port: portOf("orders") },
    redisTls: { ...redisTls, port: portOf("store") },
    web: { ...web, tlsPort: portOf("api") },
    cache: { ...cache, port: portOf("cache") },
  };
  const dependencies = [...encrypted(proxied), ...withoutTls(proxied)]
    .filter(({ tcp }) => tcp === undefined)
    .map((dependency) => ({ ...dependency, impact: "Gate" as const }));
  let generation = 0;
  const writeKey = (key: string, text: string) => {
    const path = join(folder, secretKeyPath(SECRET, key));
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  mkdirSync(folder);
  return {
    all,
    writeKey,
    writePolicy(times) {
      generation += 1;
      writeMounted(folder, dependencies, { generation, spec: times });
    },
    async stop() {
      await Promise.all(all.map(({ proxy }) => proxy.close()));
      await stop();
    },
  };
}
