/** Golden cases: testdata/<case>/{policy,pod,want}.yaml. `UPDATE_GOLDEN=1` rewrites each want.yaml. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { effectivePolicy } from "../../api/effective-policy.ts";
import { type HealthPolicy, healthPolicySchema } from "../../api/v1alpha1.ts";
import type { Pod } from "../pod.ts";
import { deepFreeze } from "./deep-freeze.ts";

const TESTDATA = join(import.meta.dirname, "..", "testdata");

/** Names of all cases. */
export const GOLDEN_CASES = readdirSync(TESTDATA).sort();

function readYaml(name: string, file: string): unknown {
  const path = join(TESTDATA, name, file);
  return existsSync(path) ? parse(readFileSync(path, "utf8")) : undefined;
}

/** A policy as the API server would give it: with the schema's defaults and server-made metadata. */
function readPolicy(name: string) {
  const manifest = readYaml(name, "policy.yaml") as HealthPolicy;
  const resolution = effectivePolicy({
    ...manifest,
    ...healthPolicySchema.parse(manifest),
    metadata: {
      ...manifest.metadata,
      uid: "5b9d3f0e-0000-4000-8000-000000000001",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
  } as HealthPolicy);
  if ("invalid" in resolution) throw new Error(`${name}/policy.yaml: ${resolution.invalid}`);
  return resolution.policy;
}

/** One case, frozen. */
export function readGolden(name: string) {
  const pod = readYaml(name, "pod.yaml") as Pod;
  const want = readYaml(name, "want.yaml") as Pod | undefined;
  return deepFreeze({ pod, want, policy: readPolicy(name) });
}

/** Makes `pod` what the case wants from now on. */
export function writeGolden(name: string, pod: Pod): void {
  // Without aliases: one constant may stand in several places of the pod.
  const text = stringify(pod, { aliasDuplicateObjects: false, lineWidth: 0 });
  writeFileSync(
    join(TESTDATA, name, "want.yaml"),
    `# Generated from pod.yaml: make golden\n${text}`,
  );
}
