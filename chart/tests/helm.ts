/** Runs Helm on this chart for its tests: no cluster is asked and no setting of the user's is read. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { deepFreeze } from "../../operator/inject/testing/deep-freeze.ts";

/** Folder of the chart. */
export const CHART = join(import.meta.dirname, "..");
/** Release and namespace that README.md installs, and with which every test renders. */
export const RELEASE = "healthpolicy";
export const NAMESPACE = "healthpolicy-system";

/** The version the chart is rendered for: one and the same, so that goldens stay the same. */
const KUBE_VERSION = "1.36.3";
/** Deadline of one call. A render takes well below one second; the rest is for a busy machine. */
export const HELM_TIMEOUT_MS = 60_000;
const OWN_HELM = join(CHART, "../.tools/bin/helm");

/** What is read of a rendered object. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: objects of every kind, walked by tests
  [field: string]: any;
}

interface HelmAnswer {
  ok: boolean;
  stdout: string;
  stderr: string;
}

/**
 * Runs `helm` with `args`, the chart's folder being the current one. Prefers the one that `make cluster`
 * builds over the one on the PATH.
 *
 * @throws where no helm can be run. A chart test is never skipped.
 */
export function helm(...args: readonly string[]): HelmAnswer {
  const program = existsSync(OWN_HELM) ? OWN_HELM : "helm";
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    cwd: CHART,
    encoding: "utf8",
    timeout: HELM_TIMEOUT_MS,
    // Helm ends before it has to collect any garbage: without, a render takes a quarter less CPU.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, KUBECONFIG: "/dev/null", GOGC: "off" },
  });
  if (error) {
    throw new Error(
      `Helm 4 is needed and could not be run (${error.message}). Install it, or let \`test/e2e/cluster/tools.sh helm\` build it.`,
    );
  }
  return { ok: status === 0, stdout, stderr };
}

/** The YAML that `helm template` gives with `args`. Throws with Helm's words. */
function template(args: readonly string[]): string {
  const answer = helm(
    "template",
    RELEASE,
    ".",
    `--namespace=${NAMESPACE}`,
    `--kube-version=${KUBE_VERSION}`,
    ...args,
  );
  if (!answer.ok) throw new Error(answer.stderr);
  return answer.stdout;
}

/** The YAML of what an installation with `args` makes, for example `["--set", "replicaCount=1"]`. */
export function renderText(...args: readonly string[]): string {
  return template(["--skip-tests", ...args]);
}

/** The YAML of what `helm test` makes beside it. */
export function renderTestsText(...args: readonly string[]): string {
  return template(args)
    .split(/^---\n/m)
    .filter((document) => document.includes("\n    helm.sh/hook: test\n"))
    .map((document) => `---\n${document}`)
    .join("");
}

/** The objects that were read, by their text; frozen, because every render that has the text gives the same one. */
const known = new Map<string, Manifest | null>();

/** The object of one document; null where it is empty. */
function manifestOf(document: string): Manifest | null {
  const before = known.get(document);
  if (before !== undefined) return before;
  const manifest = deepFreeze(parse(document) as Manifest | null);
  known.set(document, manifest);
  return manifest;
}

/**
 * Most documents of a render are those of the one before, the resource definitions always, and to read all of them
 * takes longer than to render them: so each text is read once.
 */
function parsed(text: string): Manifest[] {
  return text
    .split(/^---\n/m)
    .map(manifestOf)
    .filter((manifest) => manifest !== null);
}

/** The objects that an installation with `args` makes. */
export function render(...args: readonly string[]): Manifest[] {
  return parsed(renderText(...args));
}

/** The objects that `helm test` makes beside it. */
export function renderTests(...args: readonly string[]): Manifest[] {
  return parsed(renderTestsText(...args));
}

/** The one object of `kind` (and `name`, where there are several). Throws where it is not exactly one. */
export function only(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter(
    (manifest) => manifest.kind === kind && (name === undefined || manifest.metadata.name === name),
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`expected one ${kind} ${name ?? ""}, the chart renders ${found.length}`);
  }
  return first;
}
