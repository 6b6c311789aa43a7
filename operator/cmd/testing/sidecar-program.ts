/** Test fixture: the sidecar as a child process, from its source or as the bundle of the image. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { expect } from "@jest/globals";
import { build } from "esbuild";

/** Longest wait for anything the program should do, in milliseconds, on a busy machine. */
export const WITHIN = 15_000;
/** The program's source. */
export const SOURCE = "operator/cmd/sidecar.ts";

/**
 * Where V8 keeps what it compiled, when `make` says so: for the source alone, which many tests start. In the image
 * there is no such thing, so the bundle is started without.
 */
export const COMPILE_CACHE: NodeJS.ProcessEnv = process.env.NODE_COMPILE_CACHE
  ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
  : {};

/** A running sidecar. */
export interface Program {
  port: number;
  child: ChildProcess;
  /** All that it has written: its log. */
  output(): string;
  /** All that it has written to standard error: what Node says there, such as a warning. */
  errors(): string;
}

/** What it is started with. */
export interface ProgramOptions {
  configPath: string;
  statePath: string;
  /** SOURCE unless it is set. */
  file?: string | undefined;
  flags?: string[] | undefined;
  /** The Secret keys that its pod mounts, as `secret/key`; one by which databases are reached unless it is set. */
  mountedKeys?: string[] | undefined;
}

/** Repeats `probe` until it gives `want`; fails with what it gave last. */
export async function untilEqual<T>(probe: () => Promise<T> | T, want: T): Promise<void> {
  const until = performance.now() + WITHIN;
  let got = await probe();
  while (JSON.stringify(got) !== JSON.stringify(want) && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    got = await probe();
  }
  expect(got).toStrictEqual(want);
}

/** Starts the program; resolves once it listens. The caller ends it. */
export async function startSidecar(
  {
    configPath,
    statePath,
    file = SOURCE,
    flags = [],
    mountedKeys = ["orders-db/url"],
  }: ProgramOptions,
  onStart: (program: Program) => void,
): Promise<Program> {
  const child = spawn(process.execPath, [...flags, file], {
    env: {
      ...(file === SOURCE && COMPILE_CACHE),
      HEALTHPOLICY_PORT: "0",
      HEALTHPOLICY_MOUNTED_KEYS: mountedKeys.join(),
      HEALTHPOLICY_CONFIG_PATH: configPath,
      HEALTHPOLICY_STATE_PATH: statePath,
    },
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  child.stderr.on("data", (data) => {
    errors += data;
  });
  const program = { child, port: 0, output: () => output, errors: () => errors };
  onStart(program);
  const listening = () => /"msg":"listening","port":(\d+)/.exec(output)?.[1];
  await untilEqual(() => (listening() ? "listening" : errors), "listening");
  program.port = Number(listening());
  return program;
}

/** Ends the program; gives its exit code and the milliseconds that took. */
export async function end({ child }: Program, signal: NodeJS.Signals = "SIGTERM") {
  const startedAt = performance.now();
  const exited = once(child, "exit");
  child.kill(signal);
  const [code] = await exited;
  return { code, milliseconds: performance.now() - startedAt };
}

/** The status and body of a GET, in one text. */
export async function get({ port }: Program, path = "/readyz"): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return `${response.status} ${await response.text()}`;
}

/** The body of `/status`, parsed. */
export async function status(program: Program) {
  return JSON.parse((await get(program, "/status")).slice("200 ".length));
}

/** Writes the bundle, made as `make bundle` makes it, to `outfile`. */
export async function bundleSidecar(outfile: string): Promise<void> {
  await build({
    entryPoints: [SOURCE],
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    keepNames: true,
    outfile,
    logLevel: "error",
  });
}

/** What stands between `node` and the bundle in the image's entry point. */
export async function flagsOfTheImage(): Promise<string[]> {
  const dockerfile = await readFile("Dockerfile", "utf8");
  const [, entrypoint = "[]"] =
    /^FROM \S+ AS sidecar\n(?:(?!FROM).*\n)*?ENTRYPOINT (.*)$/m.exec(dockerfile) ?? [];
  const [program, ...parameters] = JSON.parse(entrypoint) as string[];
  expect([program, parameters.pop()]).toStrictEqual(["/usr/bin/node", "/sidecar.cjs"]);
  expect(parameters).not.toStrictEqual([]);
  return parameters;
}
