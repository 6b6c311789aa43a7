/**
 * Workflows run with rights on the repository and where no test sees them: what can be checked of them is checked here.
 */
import { accessSync, constants, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

type Permissions = Record<string, string> | string;
interface Step {
  id?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  needs?: string | string[];
  permissions?: Permissions;
  outputs?: Record<string, string>;
  "timeout-minutes"?: number;
  steps: Step[];
}
interface Workflow {
  on: Record<string, unknown>;
  permissions?: Permissions;
  jobs: Record<string, Job>;
}

/** Every right to write that a job has. A new one is a decision: it is written down here too. */
const MAY_WRITE: Record<string, string[]> = {
  "codeql analyze": ["security-events"],
  "release images": ["packages"],
  "release publish": ["contents", "packages", "id-token", "attestations"],
  "scorecard analysis": ["security-events", "id-token"],
};

const writes = (permissions: Permissions = {}) =>
  typeof permissions === "string"
    ? [permissions]
    : Object.entries(permissions).flatMap(([name, right]) => (right === "write" ? name : []));

const workflows = globSync(".github/workflows/*.{yml,yaml}", { cwd: ROOT })
  .sort()
  .map((path) => [basename(path, ".yml"), parse(read(path)) as Workflow] as const);
const jobs = workflows.flatMap(([name, { jobs }]) =>
  Object.entries(jobs).map(([job, content]) => [`${name} ${job}`, content] as const),
);
const scriptsOf = ({ steps }: Job) => steps.flatMap(({ run }) => run ?? []);

test("every right to write is one that was meant", () => {
  const found = jobs.map(([name, job]) => [name, writes(job.permissions)] as const);
  expect(Object.fromEntries(found.filter(([, rights]) => rights.length > 0))).toEqual(MAY_WRITE);
});

describe.each(workflows)("the workflow %s", (_, workflow) => {
  test("gives jobs no right to write unless they ask for it", () => {
    expect(workflow.permissions).toBeDefined();
    expect(writes(workflow.permissions)).toEqual([]);
  });

  test("does not run with rights what somebody from outside proposes", () => {
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    expect(Object.keys(workflow.on)).not.toContain("workflow_run");
  });

  test("waits for jobs, and uses outputs of jobs, that there are", () => {
    const waited = Object.values(workflow.jobs).flatMap(({ needs }) => needs ?? []);
    expect(waited.filter((job) => workflow.jobs[job] === undefined)).toEqual([]);
    const used = [...JSON.stringify(workflow.jobs).matchAll(/needs\.([\w-]+)\.outputs\.([\w-]+)/g)];
    const lacking = used.filter(
      ([, job = "", output = ""]) => workflow.jobs[job]?.outputs?.[output] === undefined,
    );
    expect(lacking.map(([whole]) => whole)).toEqual([]);
  });
});

describe.each(jobs)("the job %s", (_, job) => {
  test("ends by itself", () => {
    expect(job["timeout-minutes"]).toBeLessThanOrEqual(60);
  });

  test("leaves no token in the checked-out folder", () => {
    const checkouts = job.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const step of checkouts) expect(step.with).toEqual({ "persist-credentials": false });
  });

  test("puts no text of others into a script", () => {
    // GitHub fills these in before a shell reads them: a branch's name could be a command.
    expect(scriptsOf(job).filter((script) => script.includes("${{"))).toEqual([]);
  });

  test("uses outputs of steps that there are", () => {
    const used = [...JSON.stringify(job).matchAll(/steps\.([\w-]+)\.outputs/g)];
    const ids = job.steps.flatMap(({ id }) => id ?? []);
    expect(used.map(([, id]) => id).filter((id) => !ids.includes(id ?? ""))).toEqual([]);
  });

  test("runs scripts and targets that there are", () => {
    const commands = scriptsOf(job).join("\n");
    for (const [path] of commands.matchAll(/(?:release|test|\.ci)\/[\w/.-]+/g)) {
      accessSync(join(ROOT, path), constants.X_OK);
    }
    const targets = [...read("Makefile").matchAll(/^([a-z0-9-]+):/gm)].map(([, target]) => target);
    for (const [, target] of commands.matchAll(/\bmake ([a-z0-9-]+)/g)) {
      expect(targets).toContain(target);
    }
  });
});

test("whatever may sign or write to a release installs no package and runs nothing that could", () => {
  const signing = jobs.filter(([, { permissions }]) => writes(permissions).includes("id-token"));
  expect(signing.map(([name]) => name)).toEqual(["release publish", "scorecard analysis"]);
  for (const [, job] of signing) {
    expect(scriptsOf(job).join("\n")).not.toMatch(/\b(make|npm|npx|go)\b|\.ci\/run/);
  }
  for (const path of globSync("release/publish-*.sh", { cwd: ROOT })) {
    expect(read(path)).not.toMatch(/\b(make|npm|npx|node_modules)\b/);
  }
  // What they run with Node imports files of this repository and of Node alone.
  for (const path of ["release/write-pinned-values.ts", "release/pin-values.ts"]) {
    expect(read(path)).not.toMatch(/from "(?!node:|\.\/)/);
  }
});

test("names of images come from the one script that takes capital letters out of them", () => {
  const NAMED = /\$REGISTRY|env\.REGISTRY/;
  for (const [name, { steps }] of jobs) {
    const first = steps.findIndex((step) => NAMED.test(JSON.stringify(step)));
    const named = steps.slice(0, Math.max(first, 0)).flatMap(({ run }) => run ?? []);
    const script = 'release/registry.sh "$GITHUB_REPOSITORY_OWNER" >>"$GITHUB_ENV"';
    expect([name, first < 0 || named.includes(script)]).toStrictEqual([name, true]);
  }
  for (const path of globSync(".github/workflows/*", { cwd: ROOT })) {
    expect(read(path)).not.toContain("ghcr.io/");
  }
});

test("upgrades are proposed for packages and actions, none younger than a week", () => {
  const { updates } = parse(read(".github/dependabot.yml"));
  const told = updates.map((update: Record<string, unknown>) => [
    update["package-ecosystem"],
    update.cooldown,
  ]);
  expect(told).toEqual([
    ["npm", { "default-days": 7 }],
    ["github-actions", { "default-days": 7 }],
  ]);
});
