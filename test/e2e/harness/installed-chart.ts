import { join } from "node:path";
import { HELM } from "../timeouts.ts";
import { runOrThrow } from "./kubectl.ts";
import { OPERATOR_NAMESPACE } from "./operator.ts";

const CHART = join(import.meta.dirname, "../../../chart");
const VALUES = join(CHART, "ci/kind-values.yaml");

/** Runs helm on the operator's release and waits until that is so. */
export const helm = (...parameters: string[]): Promise<string> =>
  runOrThrow("helm", [...parameters, "-n", OPERATOR_NAMESPACE, "--wait", `--timeout=${HELM}ms`], {
    timeout: HELM,
  });

/**
 * Installs or upgrades the operator as `make cluster` does, with some values set otherwise, such as `logLevel=debug`.
 */
export const installChart = (
  verb: "install" | "upgrade",
  ...settings: string[]
): Promise<string> => {
  const set = settings.flatMap((setting) => ["--set", setting]);
  return helm(verb, "healthpolicy", CHART, "--create-namespace", "-f", VALUES, ...set);
};
