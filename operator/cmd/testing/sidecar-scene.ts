/** Test fixture: the folders of one pod, the sidecars that run in them and the servers that they check. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { POLICY_FILE } from "../../api/names.ts";
import {
  type DependencyConfig,
  POLICY_FILE_FORMAT,
  type WrittenPolicyFile,
} from "../../api/policy-file.ts";
import { TIMING as BUILT_IN } from "../../api/testing/timing.ts";
import type { Timing } from "../../api/timing.ts";
import { type FakeMemcached, startFakeMemcached } from "./fake-memcached.ts";
import { end, type Program, startSidecar } from "./sidecar-program.ts";

/**
 * Short, yet long enough for a first check that has to load its code on a busy machine. The bound
 * that follows from them is 2 x 1.5 + 1.5 s.
 */
export const TIMING: Timing = {
  ...BUILT_IN,
  connectTimeoutMilliseconds: 1_000,
  checkTimeoutMilliseconds: 1_500,
  intervalMilliseconds: 1_500,
};

/** A memcached server on this port of the machine. */
export const cache = (port: number): DependencyConfig => ({
  name: "sessions",
  type: "memcached",
  impact: "Gate",
  memcached: { servers: [{ host: "127.0.0.1", port }], minAvailable: 1 },
});

/** A database whose connection string is in this Secret. */
export const database = (secretName: string): DependencyConfig => ({
  name: "orders-db",
  type: "postgresql",
  impact: "Gate",
  postgresql: { connectionString: { secretName, key: "url" }, query: "SELECT 1" },
});

/** One pod. */
export interface SidecarScene {
  /** Holds all that follows. */
  directory: string;
  configPath: string;
  statePath: string;
  /** Gives the pod an empty state, as a new one has. */
  renew(): Promise<void>;
  writePolicy(dependencies: DependencyConfig[], more?: Partial<WrittenPolicyFile>): Promise<void>;
  /** Starts a sidecar; resolves once it listens. */
  start(file?: string, flags?: string[], mountedKeys?: string[]): Promise<Program>;
  startMemcached(): Promise<FakeMemcached>;
  /** Ends programs and servers and removes the folders. */
  close(): Promise<void>;
}

/** A pod that has just been created, without a policy. */
export async function createSidecarScene(): Promise<SidecarScene> {
  const programs: Program[] = [];
  const servers: FakeMemcached[] = [];
  const directory = await mkdtemp(join(tmpdir(), "sidecar-"));
  const scene: SidecarScene = {
    directory,
    configPath: join(directory, "config"),
    statePath: "",
    async renew() {
      scene.statePath = await mkdtemp(join(directory, "state-"));
    },
    async writePolicy(dependencies, more = {}) {
      const config: WrittenPolicyFile = {
        formatVersion: POLICY_FILE_FORMAT,
        policy: "web",
        generation: 1,
        mode: "Enforce",
        timing: TIMING,
        dependencies,
        ...more,
      };
      await writeFile(join(scene.configPath, POLICY_FILE), JSON.stringify(config));
    },
    start: (file, flags, mountedKeys) =>
      startSidecar(
        { configPath: scene.configPath, statePath: scene.statePath, file, flags, mountedKeys },
        (program) => programs.push(program),
      ),
    async startMemcached() {
      const server = await startFakeMemcached();
      servers.push(server);
      return server;
    },
    async close() {
      const running = programs.filter(({ child }) => (child.exitCode ?? child.signalCode) === null);
      await Promise.all(running.map((program) => end(program, "SIGKILL")));
      await Promise.all(servers.map((server) => server.close()));
      await rm(directory, { recursive: true });
    },
  };
  await mkdir(scene.configPath);
  await scene.renew();
  return scene;
}
