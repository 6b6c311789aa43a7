import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { kubectl } from "./kubectl.ts";
import { freshNamespace } from "./namespace.ts";
import { policyProgrammed } from "./policy.ts";

/** Creates a namespace with the policy `web` of `<file>` (a path below test/e2e), programmed in this time. */
export async function openPolicyNamespace(
  name: string,
  file: string,
  within?: number,
): Promise<void> {
  await freshNamespace(name);
  const input = await readFile(join(import.meta.dirname, "..", file), "utf8");
  await kubectl(["apply", "--server-side", "-n", name, "-f", "-"], { input });
  await policyProgrammed(name, "web", within);
}
