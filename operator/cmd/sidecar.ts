/** The sidecar: reads its environment once, wires checks, state and probe server, stops on SIGTERM. */
import { MAX_PORT } from "../api/limits.ts";
import { CONFIG_PATH, MOUNTED_KEYS_ENV, PORT_ENV, SIDECAR_PORT, STATE_PATH } from "../api/names.ts";
import { addressesOfThisPod } from "../sidecar/addresses-of-this-pod.ts";
import { CHECK_TYPES, loadCheck } from "../sidecar/checks/registry.ts";
import { nameKeysOf } from "../sidecar/checks/tls/named-keys.ts";
import { followPeers } from "../sidecar/fleet/follow-peers.ts";
import { createLog, type Log } from "../sidecar/log.ts";
import { logProblems } from "../sidecar/log-problems.ts";
import { openMarks } from "../sidecar/marks.ts";
import { followPolicyFile } from "../sidecar/policy-file/follow-policy-file.ts";
import { policyOfThisPod } from "../sidecar/policy-file/policy-of-this-pod.ts";
import { createProbeServer, listen } from "../sidecar/probe-server/server.ts";
import { createSecretReader } from "../sidecar/read-secret-key.ts";
import { createReadiness } from "../sidecar/readiness.ts";
import { runChecks } from "../sidecar/run-checks.ts";
import { surviveStrayErrors } from "../sidecar/stray-errors.ts";
import { watchCpu } from "../sidecar/watch-cpu.ts";

/** For tests and for a look at a policy outside a cluster; a pod mounts the paths of names.ts. */
const CONFIG_PATH_ENV = "HEALTHPOLICY_CONFIG_PATH";
const STATE_PATH_ENV = "HEALTHPOLICY_STATE_PATH";

const HELP = `Checks the dependencies of its pod and answers its readiness probe.

Usage: sidecar [--help]

Environment:
  ${PORT_ENV}         port to listen on (${SIDECAR_PORT})
  ${MOUNTED_KEYS_ENV} secret/key pairs that the volume mounts, separated by commas
  ${CONFIG_PATH_ENV}  folder with policy.json and secrets/ (${CONFIG_PATH})
  ${STATE_PATH_ENV}   folder for what a restart must not forget (${STATE_PATH})
`;

interface Settings {
  port: number;
  mountedKeys: ReadonlySet<string>;
  configPath: string;
  statePath: string;
}

/** The environment as typed values; throws an Error that names the variable. */
function readSettings(env: NodeJS.ProcessEnv): Settings {
  const port = Number(env[PORT_ENV] ?? SIDECAR_PORT);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw new Error(`${PORT_ENV} is not a port`);
  }
  return {
    port,
    mountedKeys: new Set(env[MOUNTED_KEYS_ENV]?.split(",").filter((pair) => pair !== "")),
    configPath: env[CONFIG_PATH_ENV] ?? CONFIG_PATH,
    statePath: env[STATE_PATH_ENV] ?? STATE_PATH,
  };
}

/** Starts everything; resolves with the function that ends it at once. */
async function start(settings: Settings, log: Log): Promise<() => void> {
  const { configPath, mountedKeys } = settings;
  const marks = openMarks(settings.statePath, { now: Date.now(), log });
  const readiness = createReadiness({ marks, supportedTypes: CHECK_TYPES, log });
  const peers = followPeers({ readiness });
  const noteProblem = logProblems(log);
  const cpu = watchCpu({ log });
  const runner = runChecks({
    loadCheck,
    readSecretKey: createSecretReader({ directory: configPath, mountedKeys, log }),
    onResult: (dependency, result, milliseconds) => {
      noteProblem(dependency, result);
      readiness.record(dependency.name, result, milliseconds);
      peers.look();
    },
    mayWait: readiness.mayWait,
    decidesNext: readiness.decidesNext,
    // Awake anyway: an idle program that woke up once more for the policy file would cost each pod more.
    onTurn: () => policyFile.look(),
  });
  const policyFile = followPolicyFile({
    directory: configPath,
    onChange: (read) => {
      const config = read && policyOfThisPod(read, addressesOfThisPod());
      readiness.apply(config);
      nameKeysOf(config);
      runner.apply(config);
      peers.apply(config);
    },
    onUnsupported: readiness.applyUnsupported,
    // After each look at the file, so that a policy that is there is never counted as missing.
    onLook: () => {
      readiness.refresh();
      peers.look();
      cpu.look();
    },
    log,
  });
  // The kubelet's probe wakes the program every 2 s by default: a policy that has just come is in force by then.
  const server = createProbeServer(readiness, {
    onProbe: () => policyFile.look(),
    program: () => ({ cpuSeconds: cpu.seconds() }),
  });
  const { port } = await listen(server, settings.port);
  log("info", "listening", { port });
  return () => {
    policyFile.stop();
    runner.stop();
    peers.stop();
    server.close();
  };
}

async function main(): Promise<void> {
  if (process.argv.includes("--help")) {
    process.stdout.write(HELP);
    return;
  }
  const log = createLog((line) => process.stdout.write(line));
  // A log that nobody reads any more must not end the program.
  process.stdout.on("error", () => {});
  let stop = () => {};
  const end = (signal: NodeJS.Signals) => {
    log("info", "stopping", { signal });
    stop();
    // A native sidecar gets its signal after the app has ended: nobody is left to wait for.
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  surviveStrayErrors(process, log);
  try {
    stop = await start(readSettings(process.env), log);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    log("error", "cannot start", { problem: code ?? message });
    process.exit(1);
  }
}

void main();
