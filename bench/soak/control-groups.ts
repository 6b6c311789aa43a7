/** The limits of containers for programs that run without one: control groups, of version 1 or 2. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Undefined: no limit. */
export interface Limits {
  memoryBytes: number;
  cores: number | undefined;
}

/** A group that limits whatever is started in it. */
export interface ControlGroup {
  /** What a shell does first, so that the program is limited from its first instruction on. */
  enter: string;
  /** When nothing runs in it any more. */
  remove(): void;
}

/** All of the soak's groups, below one that this process is in as well. */
export interface ControlGroups {
  make(name: string, limits: Limits): ControlGroup;
  /** When all others are removed. */
  leave(): void;
}

const ROOT = "/sys/fs/cgroup";
const CONTROLLERS = ["cpu", "memory"];
const PERIOD_MICROSECONDS = 100_000;

/** What differs between the two versions of control groups. */
interface Version {
  /** Where the group is, in each tree. */
  foldersOf(name: string): string[];
  /** The file of a setting of the group. */
  fileOf(name: string, setting: string): string;
  settingsOf(limits: Limits): Record<string, string>;
  /**
   * Ten times what any other group of the machine gets of a CPU that all want: with times that are ten times as short,
   * a server that has to wait looks like one that does not answer. `nice` would not do, which counts within a group
   * alone.
   */
  preferred: Record<string, string>;
  /** Lets the groups below this one limit what is in them. */
  passOn(name: string): void;
}

const quotaOf = (cores: number) => String(cores * PERIOD_MICROSECONDS);

/** A tree for each controller. */
const VERSION_1: Version = {
  foldersOf: (name) => CONTROLLERS.map((controller) => join(ROOT, controller, name)),
  fileOf(name, setting) {
    const [controller = ""] = setting.split(".");
    return join(ROOT, controller, name, setting);
  },
  settingsOf: ({ memoryBytes, cores }) => ({
    "memory.limit_in_bytes": String(memoryBytes),
    ...(cores !== undefined && { "cpu.cfs_quota_us": quotaOf(cores) }),
  }),
  preferred: { "cpu.shares": "10240" },
  passOn: () => undefined,
};

/** One tree, in which a group has no controllers until the one above it is told. */
const VERSION_2: Version = {
  foldersOf: (name) => [join(ROOT, name)],
  fileOf: (name, setting) => join(ROOT, name, setting),
  settingsOf: ({ memoryBytes, cores }) => ({
    "memory.max": String(memoryBytes),
    "memory.swap.max": "0",
    ...(cores !== undefined && { "cpu.max": `${quotaOf(cores)} ${PERIOD_MICROSECONDS}` }),
  }),
  preferred: { "cpu.weight": "1000" },
  passOn(name) {
    const file = join(ROOT, name, "cgroup.subtree_control");
    writeFileSync(file, CONTROLLERS.map((controller) => `+${controller}`).join(" "));
  },
};

/** One file for each tree: what is written to it is in the group from then on. */
const filesOf = (version: Version, name: string) =>
  version.foldersOf(name).map((folder) => join(folder, "cgroup.procs"));

function makeGroup(version: Version, name: string, settings: Record<string, string>): void {
  for (const folder of version.foldersOf(name)) mkdirSync(folder);
  for (const [setting, value] of Object.entries(settings)) {
    writeFileSync(version.fileOf(name, setting), value);
  }
}

function removeGroup(version: Version, name: string): void {
  for (const folder of version.foldersOf(name)) rmdirSync(folder);
}

function moveTo(version: Version, name: string, pids: readonly string[]): void {
  for (const file of filesOf(version, name)) {
    for (const pid of pids) writeFileSync(file, pid);
  }
}

function processesIn(version: Version, name: string): string[] {
  const [file = ""] = filesOf(version, name);
  return readFileSync(file, "utf8").split("\n").filter(Boolean);
}

/** Moves this process, and with it whatever it starts, into a group that goes before others. */
export function openControlGroups(): ControlGroups {
  const version = existsSync(join(ROOT, "cgroup.controllers")) ? VERSION_2 : VERSION_1;
  const all = `healthpolicy-soak-${process.pid}`;
  const rest = join(all, "rest");
  version.passOn("");
  makeGroup(version, all, version.preferred);
  version.passOn(all);
  // Where a group has groups of its own, version 2 wants no process in it.
  makeGroup(version, rest, {});
  moveTo(version, rest, [String(process.pid)]);
  return {
    make(name, limits) {
      const group = join(all, name);
      makeGroup(version, group, version.settingsOf(limits));
      const files = filesOf(version, group);
      return {
        enter: files.map((file) => `echo $$ > ${file}`).join(" && "),
        remove: () => removeGroup(version, group),
      };
    },
    leave() {
      // Also esbuild's, which ends with this process and not before: a group with a process cannot be removed.
      moveTo(version, "", processesIn(version, rest));
      removeGroup(version, rest);
      removeGroup(version, all);
    },
  };
}
