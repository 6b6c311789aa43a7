/** Documents that name what is no longer there mislead more than none: what can be checked of them is checked here. */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { CONDITION_REASONS } from "../operator/api/condition-reasons.ts";
import { CONDITION_TEXTS } from "../operator/api/condition-texts.ts";
import { SIDECAR_PORT } from "../operator/api/names.ts";
import { OPERATOR_METRICS } from "../operator/api/operator-metrics.ts";
import { POD_REASON_TEXTS } from "../operator/api/reason-texts.ts";
import { REASONS } from "../operator/api/reasons.ts";
import { SIDECAR_METRICS } from "../operator/api/sidecar-metrics.ts";
import { RULES } from "../operator/api/standards/rules.ts";
import { EXAMPLES } from "../operator/api/standards/testing/examples.ts";
import { DEFAULT_TIMES } from "../operator/api/timing.ts";
import { CLUSTER_CONDITION_TYPES } from "../operator/api/v1alpha1-cluster-status.ts";
import { DEPENDENCY_TYPES } from "../operator/api/v1alpha1-dependency.ts";
import { CONDITION_TYPES } from "../operator/api/v1alpha1-status.ts";
import { ADMISSION_REASONS } from "../operator/webhook/decide-admission.ts";
import { REFUSALS } from "../operator/webhook/review.ts";
import { REFUSED_BODY } from "../operator/webhook/routes.ts";

const ROOT = join(import.meta.dirname, "..");
const NOT_OURS = ["node_modules", ".git", ".tools", "dist", "coverage"];

const files = (pattern: string) =>
  globSync(pattern, { cwd: ROOT, exclude: (name) => NOT_OURS.includes(name) }).sort();
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const matches = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);

const DOCUMENTS = [...files("**/*.md"), ...files(".github/**/*.md")];
const EXAMPLE = "examples/node/policy.yaml";

/** Content of the fenced blocks of one language. */
const fences = (text: string, language: string) =>
  matches(text, new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"));
const withoutFences = (text: string) => text.replaceAll(/^```.*?^```$/gms, "");

/** A path that begins in a folder of ours, wherever it stands: in a sentence, a link, a command. */
const OUR_PATH =
  /(?<![\w./:@-])(?:\.\/)?((?:operator|chart|test|docs|crds|examples|bench|release|\.ci|\.github)\/[\w./<>*-]*)/g;

/** `<type>` stands for every type of a dependency. */
function pathsIn(text: string): string[] {
  return matches(text, OUR_PATH)
    .map((path) => path.replace(/\.$/, ""))
    .flatMap((path) =>
      path.includes("<type>")
        ? DEPENDENCY_TYPES.map((type) => path.replaceAll("<type>", type))
        : path,
    );
}

const exists = (path: string) =>
  path.includes("*") ? files(path).length > 0 : existsSync(join(ROOT, path));

/** The anchor that a heading gets where Markdown is shown. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
const anchorsOf = (path: string) =>
  matches(withoutFences(read(path)), /^#+ (.*)$/gm).map((heading) => anchor(heading));

function isAlive(link: string, document: string): boolean {
  if (/^https?:/.test(link)) return URL.canParse(link);
  const [path = "", fragment] = link.split("#");
  const target = path === "" ? document : normalize(join(dirname(document), path));
  if (!existsSync(join(ROOT, target))) return false;
  return fragment === undefined || anchorsOf(target).includes(fragment);
}

/** Targets of make in commands: in code within a line, and in blocks of commands. */
function makeTargetsIn(text: string): string[] {
  const commands = [...matches(withoutFences(text), /`([^`]+)`/g), ...fences(text, "sh")];
  return commands.flatMap((command) => matches(command, /^make ([a-z0-9-]+)/gm));
}

describe.each(DOCUMENTS)("%s", (document) => {
  const text = read(document);

  test("names paths that exist", () => {
    expect(pathsIn(text).filter((path) => !exists(path))).toEqual([]);
  });

  test("has no dead link", () => {
    const links = matches(withoutFences(text), /\[[^\]]*\]\(([^)\s]+)\)/g);
    expect(links.filter((link) => !isAlive(link, document))).toEqual([]);
  });

  test("names make targets that exist", () => {
    const targets = matches(read("Makefile"), /^([a-z0-9-]+):/gm);
    expect(makeTargetsIn(text).filter((target) => !targets.includes(target))).toEqual([]);
  });

  test("speaks of no folder of somebody's machine", () => {
    expect(matches(text, /(?<!\w)\/(?:work|home|Users|root|tmp)\/\S*/g)).toEqual([]);
  });
});

test("no file speaks of a folder of somebody's machine", () => {
  const texts = files("**/*.{ts,mjs,js,json,sh,yaml,yml,tpl}");
  expect(texts.length).toBeGreaterThan(100);
  expect(texts.filter((path) => /(?<![\w$}])\/(?:work|home|Users)\/\w/.test(read(path)))).toEqual(
    [],
  );
});

describe("README.md", () => {
  const readme = read("README.md");

  test("shows the policy of the example, in at most 15 lines", () => {
    const example = read(EXAMPLE).replaceAll(/^#.*\n/gm, "");
    expect(fences(readme, "yaml").filter((block) => block.includes("kind: HealthPolicy"))).toEqual([
      example,
    ]);
    expect(example.trimEnd().split("\n").length).toBeLessThanOrEqual(15);
  });

  test("promises what the default times give", () => {
    const [interval, checkTimeout] = [DEFAULT_TIMES.interval, DEFAULT_TIMES.checkTimeout].map(
      (text) => Number.parseInt(text, 10),
    ) as [number, number];
    const { failureThreshold, successThreshold, periodSeconds } = DEFAULT_TIMES;
    const within = (threshold: number) => threshold * interval + checkTimeout + periodSeconds;
    expect(readme.replaceAll(/\s+/g, " ")).toContain(
      `unready within ${within(failureThreshold)} s of the fault and ready within ${within(successThreshold)} s`,
    );
    expect(readme).toContain(`every ${interval} s, a new connection`);
    expect(readme).toContain(`GET /readyz every ${periodSeconds} s`);
  });

  test("states the Kubernetes version of the chart", () => {
    const [, minor] = /kubeVersion: ">=(1\.\d+)\./.exec(read("chart/Chart.yaml")) ?? [];
    expect(readme).toContain(`Kubernetes ${minor} or newer`);
  });
});

describe("docs/operations.md", () => {
  test("states the resources of the chart", () => {
    const { sidecar } = parse(read("chart/values.yaml"));
    const { requests, limits } = sidecar.resources;
    expect(read("docs/operations.md")).toContain(
      `requests ${requests.memory} and may use ${limits.memory}`,
    );
  });
});

describe("docs/metrics.md", () => {
  test("no program has a metric that its definitions do not know", () => {
    const sources = files("operator/{sidecar,webhook,controller}/**/*.ts").filter(
      (path) => !/\.test\.ts$|\/testing\//.test(path),
    );
    expect(sources.filter((path) => /"healthpolicy_[a-z_]+"/.test(read(path)))).toEqual([]);
  });

  test("names metrics that exist", () => {
    const known = Object.values({ ...SIDECAR_METRICS, ...OPERATOR_METRICS }).map(
      ({ name }): string => name,
    );
    const named = matches(read("docs/metrics.md"), /`(healthpolicy_[a-z_]+)`/g);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  test("tells of every reason that the webhook counts, and of no other", () => {
    const unread = Object.values(REFUSED_BODY).map(([reason]) => reason);
    const rows = matches(read("docs/metrics.md"), /^\| (`[A-Z].*?) +\|/gm);
    const told = rows.flatMap((row) => matches(row, /`(\w+)`/g));
    expect(told.sort()).toEqual([...ADMISSION_REASONS, ...REFUSALS, ...unread].sort());
  });
});

test("make help tells of every target", () => {
  const makefile = read("Makefile");
  const described = matches(makefile, /^([a-z0-9-]+):.*## ./gm);
  expect(described).toEqual(matches(makefile, /^\.PHONY: (.*)$/gm));
  expect(described).toEqual(matches(makefile, /^([\w-]+):/gm));
});

describe("docs/architecture.md", () => {
  test("has a row for every folder of source files", () => {
    const folders = new Set(files("operator/**/*.ts").map((path) => `${dirname(path)}/`));
    const rows = matches(read("docs/architecture.md"), /^\| `([^`]+)`/gm);
    const expected = [...folders].filter((folder) => folder !== "operator/");
    expect(expected.length).toBeGreaterThan(8);
    expect(expected.filter((f) => !f.endsWith("/testing/") && !rows.includes(f))).toEqual([]);
  });
});

describe("docs/troubleshooting.md", () => {
  const text = read("docs/troubleshooting.md");

  /** Words in the first cells of the rows below a heading. */
  const rowsBelow = (heading: string) => {
    const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
    return matches(section, /^\| `(\w+)`/gm);
  };

  test("has a row for every reason of a dependency and of a pod, and for no other", () => {
    expect(rowsBelow("Reasons of dependencies")).toEqual(REASONS);
    expect(rowsBelow("Reasons of a pod").sort()).toEqual(Object.keys(POD_REASON_TEXTS).sort());
  });

  test("has a row for every way in which a condition is not as it should be", () => {
    const rows = text.matchAll(/^\| `(\w+)` +\| `(\w+)` +\|/gm);
    const told = [...rows].map(([, type, reason]) => `${type} ${reason}`);
    const failing = (["Accepted", "Programmed", "PodsCurrent"] as const).flatMap((type) =>
      Object.entries(CONDITION_TEXTS[type])
        .filter(([, meaning]) => !meaning.startsWith("True"))
        .map(([reason]) => `${type} ${reason}`),
    );
    expect(told.sort()).toEqual(failing.sort());
  });

  test("tells of every condition and reason of a condition", () => {
    const missing = [...CONDITION_TYPES, ...CLUSTER_CONDITION_TYPES, ...CONDITION_REASONS].filter(
      (word) => !text.includes(`\`${word}\``),
    );
    expect(missing).toEqual([]);
  });

  test("asks the port that the sidecar listens on", () => {
    expect(matches(text, /web-5d9c:(\d+)\/proxy/g)).toEqual([String(SIDECAR_PORT)]);
  });
});

describe("lines have 120 characters at most", () => {
  const tooLong = (paths: string[], counts: (line: string) => boolean) =>
    paths.flatMap((path) =>
      withoutFences(read(path))
        .split("\n")
        .filter((line) => line.length > 120 && counts(line))
        .map((line) => `${path}: ${line}`),
    );

  test("in documents, but for tables, links and what is generated", () => {
    const wrapped = (line: string) => !/^\||\]\(|https?:/.test(line);
    const written = DOCUMENTS.filter((path) => !path.startsWith("docs/reference/"));
    expect(tooLong(written, wrapped)).toEqual([]);
  });

  test("in comments", () => {
    expect(tooLong(files("**/*.ts"), (line) => /^\s*(?:\/\/|\/?\*)/.test(line))).toEqual([]);
  });
});

test("docs/standards.md has a row for each rule, with the sentence of its example", () => {
  const rows = RULES.map(({ id, standard }) => {
    const sentence = EXAMPLES.find(({ rule }) => rule === id)?.sentence;
    return `| \`${id}\` | \`${standard}\` | ${sentence?.replace('container "web": ', "")} |`;
  });
  // Without the padding of the table.
  const lines = read("docs/standards.md").replaceAll(/ +/g, " ").split("\n");
  expect(lines.filter((line) => line.startsWith("| `"))).toEqual(rows);
});

describe("docs/decisions", () => {
  const records = readdirSync(join(ROOT, "docs/decisions")).filter((name) => name !== "README.md");
  // Without the padding of the table.
  const index = read("docs/decisions/README.md").replaceAll(/ +/g, " ");

  test("are numbered without a gap", () => {
    const expected = records.map((_, at) => String(at + 1).padStart(4, "0"));
    expect(records.sort().map((name) => name.slice(0, 4))).toEqual(expected);
  });

  test.each(records)("%s has a title and a state, the same as in the index", (name) => {
    expect(name).toMatch(/^\d{4}-[a-z0-9-]+\.md$/);
    const text = read(join("docs/decisions", name));
    const [title] = matches(text, /^# (.*)$/gm);
    const [state] = matches(text, /^State: (built|partly built|decided, not built yet)\b/gm);
    expect(title?.slice(0, 5)).toBe(`${name.slice(0, 4)} `);
    expect(index).toContain(`| [${title}](${name}) | ${state} |`);
  });
});
