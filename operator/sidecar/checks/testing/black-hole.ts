/** Test fixture: a port on loopback whose connections neither succeed nor fail. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A port that drops what asks for a connection. */
export interface BlackHole {
  port: number;
  close(): Promise<void>;
}

/**
 * Listens with the shortest queue and then blocks, so that nothing is ever accepted. Linux drops the SYN
 * for a full queue without a word (as long as net.ipv4.tcp_abort_on_overflow is 0, its default).
 * Ends by itself when the tests that started it are gone, however they ended.
 */
const PROGRAM = `
const parent = process.ppid;
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, String(server.address().port));
  const never = new Int32Array(new SharedArrayBuffer(4));
  while (process.ppid === parent) Atomics.wait(never, 0, 0, 250);
  process.exit();
});`;

/** How long a busy machine may take to open a black hole, in milliseconds: longer than Jest gives a hook. */
export const BLACK_HOLE_START = 30_000;

/** The queue holds two; a busy machine gets some more tries. */
const MAX_FILLERS = 8;
/** A loopback connect that has not succeeded after so long was dropped. */
const SILENCE_MILLISECONDS = 400;

/** Makes the black hole and proves it: a raw connect to it has timed out when this resolves. */
export async function openBlackHole(): Promise<BlackHole> {
  // Nothing is inherited: whoever holds a test worker's stderr keeps Jest from exiting after its last test.
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "ignore"] });
  const fillers: Socket[] = [];
  const close = async () => {
    for (const socket of fillers) socket.destroy();
    await kill(child);
  };
  try {
    const port = await portOf(child);
    await fill(port, fillers);
    return { port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** The port that the program has written. It has no more to say, and must not keep this process awake. */
async function portOf(child: ChildProcess): Promise<number> {
  const { stdout } = child;
  if (stdout === null) throw new Error("no pipe");
  const [output] = await once(stdout, "data", {
    signal: AbortSignal.timeout(BLACK_HOLE_START / 2),
  });
  stdout.destroy();
  child.unref();
  return Number(output);
}

/** Connects until a connection neither succeeds nor fails. */
async function fill(port: number, fillers: Socket[]): Promise<void> {
  while (fillers.length < MAX_FILLERS) {
    const socket = connect(port, "127.0.0.1").unref();
    socket.on("error", () => {});
    fillers.push(socket);
    if (!(await connects(socket))) {
      socket.destroy();
      return;
    }
  }
  throw new Error(
    "No black hole: this kernel goes on accepting with a full queue; set net.ipv4.tcp_abort_on_overflow to 0.",
  );
}

async function connects(socket: Socket): Promise<boolean> {
  const connected = once(socket, "connect").then(() => true);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), SILENCE_MILLISECONDS);
  try {
    return await Promise.race([connected, promise]);
  } finally {
    clearTimeout(timer);
  }
}
