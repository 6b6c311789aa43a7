import { join } from "node:path";
import { IMAGE_BUILD } from "../timeouts.ts";
import { helm } from "./installed-chart.ts";
import { run } from "./kubectl.ts";

const ROOT = join(import.meta.dirname, "../../..");
const SCRIPT = join(ROOT, "test/e2e/cluster/previous-version.sh");
/** Where the script puts the chart, and the values that name its images. */
const FOLDER = join(ROOT, ".tools/previous-version");
/** How the script ends in a clone without the commit of that version, as clones of one commit are. */
const COMMIT_MISSING = 3;

/** Makes the previous version ready to be installed. Gives a sentence where this clone does not have it. */
export async function preparePreviousVersion(): Promise<string | undefined> {
  const { code, stdout, stderr } = await run(SCRIPT, [], { timeout: IMAGE_BUILD });
  if (code === COMMIT_MISSING) return stderr.trim();
  if (code !== 0) throw new Error(`${SCRIPT} ended with ${code}: ${stderr || stdout}`);
  return undefined;
}

/** Upgrades or downgrades the operator's release to the previous version, and waits until that is so. */
export const installPreviousVersion = (): Promise<string> =>
  helm("upgrade", "healthpolicy", join(FOLDER, "chart"), "-f", join(FOLDER, "values.yaml"));
