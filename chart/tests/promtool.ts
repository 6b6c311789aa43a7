/** Runs promtool, which comes with Prometheus, on rules. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A rule of a rule file that alerts. */
export interface Rule {
  alert: string;
  expr: string;
  annotations: { runbook_url: string };
}

/** Deadline of one call, which takes a part of a second; the rest is for a busy machine. */
const PROMTOOL_TIMEOUT_MS = 60_000;

/**
 * What `promtool` answers.
 *
 * @throws where it cannot be run. A test of rules is never skipped.
 */
export function promtool(...args: readonly string[]): { code: number | null; output: string } {
  const { error, status, stdout, stderr } = spawnSync("promtool", args, {
    encoding: "utf8",
    timeout: PROMTOOL_TIMEOUT_MS,
  });
  if (error) {
    throw new Error(
      `promtool is needed and could not be run (${error.message}). Install prometheus.`,
    );
  }
  return { code: status, output: `${stdout}${stderr}` };
}

/** The path of a file with these rules. */
export function rulesFile(rules: readonly object[]): string {
  const path = join(mkdtempSync(join(tmpdir(), "healthpolicy-rules-")), "rules.yaml");
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ groups: [{ name: "test", rules }] }));
  return path;
}
