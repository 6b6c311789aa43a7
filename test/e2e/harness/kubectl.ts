import { spawn } from "node:child_process";
import { KUBECTL } from "../timeouts.ts";

/** What a command answered. */
export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** How to run a command: text for its standard input, and milliseconds until it is ended. */
export interface RunOptions {
  input?: string;
  timeout?: number;
}

/** Runs a command to its end. Resolves whatever its exit status; rejects when it cannot be started. */
export function run(
  command: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const child = spawn(command, parameters, { timeout: options.timeout ?? KUBECTL });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.on("error", reject);
  child.on("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  child.stdin.on("error", () => {}); // a command that ends early does not read its input
  child.stdin.end(options.input ?? "");
  return promise;
}

/** Runs a command and gives its output; throws with its own words when it fails. */
export async function runOrThrow(
  command: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, parameters, options);
  if (code !== 0) {
    throw new Error(`${command} ${parameters.join(" ")} ended with ${code}: ${stderr || stdout}`);
  }
  return stdout;
}

/** Runs kubectl and gives its output. */
export function kubectl(parameters: readonly string[], options: RunOptions = {}): Promise<string> {
  return runOrThrow("kubectl", parameters, options);
}

/** Runs `kubectl ... -o json` and gives the parsed answer. */
export async function kubectlJson<T>(...parameters: string[]): Promise<T> {
  return JSON.parse(await kubectl([...parameters, "-o", "json"])) as T;
}
