import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { BLACK_HOLE_START } from "./black-hole.ts";

/** What the system may take to tell of an end, in milliseconds, on a busy machine. */
const END_WITHIN = 10_000;

/** Opens a black hole and is killed without closing it, as a worker of Jest that takes too long. */
const KILLED = `
import { openBlackHole } from ${JSON.stringify(new URL("./black-hole.ts", import.meta.url).href)};
const { port } = await openBlackHole();
process.stdout.write(String(port), () => process.kill(process.pid, "SIGKILL"));`;

async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on("error", ({ message }) => resolve(message.includes("ECONNREFUSED")));
  try {
    return await Promise.race([promise, sleep(200, false)]);
  } finally {
    socket.destroy();
  }
}

test(
  "a black hole outlives no test run, and keeps none waiting for its output to end",
  async () => {
    const run = spawn(process.execPath, ["--input-type=module", "-e", KILLED], {
      timeout: BLACK_HOLE_START,
    });
    let port = "";
    run.stdout.on("data", (data) => {
      port += data;
    });
    run.stderr.resume();
    // Not the end of the program alone, but of all who hold its output.
    await once(run, "close", { signal: AbortSignal.timeout(BLACK_HOLE_START + END_WITHIN) });
    const end = performance.now() + END_WITHIN;
    while (!(await refuses(Number(port))) && performance.now() < end) await sleep(50);
    expect(await refuses(Number(port))).toBe(true);
  },
  BLACK_HOLE_START + 3 * END_WITHIN,
);
