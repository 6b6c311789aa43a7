/** Test fixture: a port on loopback whose connections neither succeed nor fail. */
import { spawn } from "node:child_process";
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
 */
const PROGRAM = `
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** The queue holds two; a busy machine gets some more tries. */
const MAX_FILLERS = 8;
/** A loopback connect that has not succeeded after so long was dropped. */
const SILENCE_MILLISECONDS = 400;

/** Makes the black hole and proves it: a raw connect to it has timed out when this resolves. */
export async function openBlackHole(): Promise<BlackHole> {
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await once(child.stdout, "data");
  const port = Number(output);
  const fillers: Socket[] = [];
  const close = async () => {
    for (const socket of fillers) socket.destroy();
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  while (fillers.length < MAX_FILLERS) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    fillers.push(socket);
    if (!(await connects(socket))) {
      socket.destroy();
      return { port, close };
    }
  }
  await close();
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
