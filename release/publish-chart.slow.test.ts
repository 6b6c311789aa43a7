/** What is said where the chart of a release cannot be published. A stand-in for Helm answers. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";

const REPOSITORY = join(import.meta.dirname, "..");
/** Some seconds on a busy machine. */
const DEADLINE_MILLISECONDS = 30_000;
const DIGEST = `sha256:${"a".repeat(64)}`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "healthpolicy-publish-chart-"));
  // The script writes into dist of the repository that it is in.
  for (const path of ["release", "package.json", "chart/values.yaml"]) {
    cpSync(join(REPOSITORY, path), join(folder, path), { recursive: true });
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs it with a Helm whose `lint` and `push` are these commands. */
function publish(commands: { lint?: string; push?: string }) {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const helm = [
    "#!/usr/bin/env bash",
    "case $1 in",
    `  lint) ${commands.lint ?? "true"} ;;`,
    '  package) echo chart >"$4/healthpolicy-$VERSION.tgz" ;;',
    `  push) ${commands.push ?? `echo "Digest: ${DIGEST}" >&2`} ;;`,
    "esac",
  ];
  const cosign = ["#!/usr/bin/env bash", 'echo "cosign $*"'];
  for (const [name, lines] of Object.entries({ helm, cosign })) {
    writeFileSync(join(bin, name), `${lines.join("\n")}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return spawnSync(join(folder, "release/publish-chart.sh"), ["registry.example.com"], {
    encoding: "utf8",
    timeout: DEADLINE_MILLISECONDS,
    env: {
      PATH: [bin, dirname(process.execPath), process.env.PATH].join(":"),
      VERSION: version,
      OPERATOR: DIGEST,
      SIDECAR: DIGEST,
    },
  });
}

test("a chart that is pushed is signed by the digest that Helm names", () => {
  const { status, stdout } = publish({});
  expect(stdout).toContain(
    `cosign sign --yes registry.example.com/charts/healthpolicy@${DIGEST}\n`,
  );
  expect(status).toBe(0);
});

test.each([
  ["of a push that the registry refuses", { push: "echo denied >&2; exit 1" }, "denied"],
  ["of a push that names no digest", { push: "echo Pushed elsewhere" }, "Pushed elsewhere"],
  ["of a chart in which it finds faults", { lint: "echo '[ERROR] icon'; exit 1" }, "[ERROR] icon"],
])("it says what Helm says %s, and signs nothing", (_, commands, message) => {
  const { status, stdout, stderr } = publish(commands);
  expect(stderr).toContain(message);
  expect(stdout).not.toContain("cosign");
  expect(status).toBe(1);
});
