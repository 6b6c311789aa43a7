/**
 * Runs the soak for SOAK_MINUTES (60), or until SIGINT or SIGTERM. Exits with 1 where a rule is broken, it was
 * interrupted or could not be run.
 */
import { openOwnNetwork } from "./own-network.ts";
import { soak } from "./soak.ts";
import { soakMinutes } from "./soak-minutes.ts";

const minutes = soakMinutes(process.env.SOAK_MINUTES);

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => interrupt.abort(new Error(name)));
}

openOwnNetwork();
try {
  const broken = await soak({ minutes, signal: interrupt.signal });
  process.exitCode = broken.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
