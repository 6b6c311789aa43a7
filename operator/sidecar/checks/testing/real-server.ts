/** Test fixture: a program that serves on 127.0.0.1 until it is stopped. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A running server. */
export interface RealServer {
  port: number;
  /** What it has written to its standard error so far. */
  log(): string;
  /** Sends a signal to the server and all of its children. */
  signal(name: NodeJS.Signals): void;
  /** Sets a limit of the server's first process, as an option of prlimit without its dashes: `nproc=1`. */
  limit(option: string): void;
  stop(): Promise<void>;
}

/** How long a server may take to accept connections, in milliseconds, on a busy machine. */
const START_TIMEOUT = 20_000;

/** What it may take to stop before it is killed. */
const STOP_TIMEOUT = 5_000;

/** What to start and how to tell that it serves. */
export interface ServerCommand {
  command: string;
  args: string[];
  port: number;
  /** Whom it runs as; unset: as this process. */
  user?: { uid: number; gid: number };
  /** Ends the server in order, its children included. */
  stopSignal: NodeJS.Signals;
  /** A text that its log has once it serves; unset: it does as soon as the port accepts connections. */
  readyText?: string;
}

/** Starts a server and waits until it serves. */
export async function startRealServer(start: ServerCommand): Promise<RealServer> {
  const { command, args, port, user = {}, readyText = "" } = start;
  // A group of its own, so that a signal reaches every process of the server.
  const child = spawn(command, args, {
    ...user,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const server: RealServer = {
    port,
    log: () => log,
    signal: (name) => signalGroup(child, name),
    limit(option) {
      // As the server's own user: root may not where it lacks CAP_SYS_RESOURCE.
      execFileSync("prlimit", ["--pid", String(child.pid), `--${option}`], user);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      const timer = setTimeout(() => signalGroup(child, "SIGKILL"), STOP_TIMEOUT);
      child.kill(start.stopSignal);
      await exited;
      clearTimeout(timer);
    },
  };
  // Said by `log`, as any other reason why it does not start.
  child.once("error", ({ message }) => {
    log += message;
  });
  const end = performance.now() + START_TIMEOUT;
  while (!(log.includes(readyText) && (await accepts(port)))) {
    if (child.pid === undefined || child.exitCode !== null || performance.now() > end) {
      if (child.exitCode === null) signalGroup(child, "SIGKILL");
      throw new Error(`${command} did not start:\n${log}`);
    }
    await sleep(50);
  }
  return server;
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid !== undefined) process.kill(-child.pid, name);
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return address.port;
}
