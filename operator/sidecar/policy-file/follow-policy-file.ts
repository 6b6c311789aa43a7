/** Follows the mounted policy file: its first content, each change, and its removal. */
import { readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { MAX_POLICY_FILE_BYTES } from "../../api/limits.ts";
import { POLICY_FILE } from "../../api/names.ts";
import { POLICY_FILE_FORMAT, type PolicyFile } from "../../api/policy-file.ts";
import { ifThere } from "../if-there.ts";
import type { Log } from "../log.ts";
import { readBounded } from "../read-bounded.ts";
import { parsePolicyFile } from "./parse-policy-file.ts";

/**
 * How often the file is looked at by itself; checks and readiness probes look as well. Each time that an idle program
 * wakes up takes 0.1 to 0.2 ms of a CPU in every pod.
 */
const POLL_MILLISECONDS = 5_000;

/** The symlink to the folder of the last delivery: `pkg/volume/util/atomic_writer.go` of Kubernetes. */
const SWAPPED_LINK = "..data";

/** Where the file is, and what is told of it. */
export interface FollowPolicyFileOptions {
  /** Where the projected volume is mounted. */
  directory: string;
  /** Given each new policy, and undefined when the file has gone or is not there at the first look. Must not throw. */
  onChange: (config: PolicyFile | undefined) => void;
  /** Told when the file that is there now is of a format that only a later sidecar reads. Must not throw. */
  onUnsupported: (formatVersion: number) => void;
  /** Called after each look, whatever it found. Must not throw. */
  onLook?: () => void;
  log: Log;
  /** The most milliseconds between two looks. */
  pollMilliseconds?: number;
}

/** What follows the file until it is stopped. */
export interface PolicyFileFollower {
  /** Looks now, because the program is awake; the next look by itself then waits as long as ever. */
  look(): void;
  stop(): void;
}

/**
 * What tells one version of the file from another; undefined when there is no file. The path goes
 * through the kubelet's `..data` symlink, which it swaps as a whole, so every delivery shows as
 * another file. A watch on the file itself would stay with the old one.
 */
function versionOf(path: string): string | undefined {
  return ifThere(() => {
    const { ino, ctimeNs, size } = statSync(path, { bigint: true });
    return `${ino}/${ctimeNs}/${size}`;
  });
}

/**
 * Whether there is no file, and not merely none where a look has just gone: the kubelet removes the old folder as soon
 * as it has swapped the symlink, and a look that is in that folder then finds nothing.
 */
function isGone(directory: string, path: string): boolean {
  const folder = () => ifThere(() => readlinkSync(join(directory, SWAPPED_LINK)));
  const before = folder();
  return versionOf(path) === undefined && folder() === before;
}

/** A text about our own errors; of the system's, the code alone. */
function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** Hands on what the file says; undefined when it has gone. */
function handOn(content: string | undefined, options: FollowPolicyFileOptions): void {
  const parsed = content === undefined ? undefined : parsePolicyFile(content);
  if (parsed === undefined || !("unsupportedFormat" in parsed)) {
    options.onChange(parsed);
    return;
  }
  options.onUnsupported(parsed.unsupportedFormat);
  options.log("error", "policy file ignored", {
    problem: `formatVersion ${parsed.unsupportedFormat} is later than ${POLICY_FILE_FORMAT}, the latest that this sidecar reads`,
  });
}

/**
 * Calls back with the policy, now and whenever it changes. Returns after the first look, so that the
 * first probe is answered from the policy that is there. A file that cannot be read or understood, or
 * that is of a later format, leaves the last good policy in force and logs one line.
 */
export function followPolicyFile(options: FollowPolicyFileOptions): PolicyFileFollower {
  const path = join(options.directory, POLICY_FILE);
  /** Null until the first look, which tells that there is no file too: it may have gone while no sidecar ran. */
  let version: string | undefined | null = null;
  let problem: string | undefined;
  let current: string | undefined | null = null;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function read(): void {
    const found = versionOf(path);
    if (found === version) return;
    const content = readBounded(path, MAX_POLICY_FILE_BYTES)?.toString("utf8");
    // Else a delivery is under way, and the next look reads it: pods would be let go by a policy that is there.
    if (content === undefined && !isGone(options.directory, path)) return;
    // From here on this version is done with: what cannot be understood is read and logged once.
    version = found;
    // A Secret's new content is delivered together with a policy that is the same as before.
    if (content !== current) handOn(content, options);
    current = content;
    problem = undefined;
  }

  function look(): void {
    if (stopped) return;
    try {
      read();
    } catch (error) {
      const text = describe(error);
      if (text !== problem) options.log("error", "policy file ignored", { problem: text });
      problem = text;
    }
    options.onLook?.();
    clearTimeout(timer);
    timer = setTimeout(look, options.pollMilliseconds ?? POLL_MILLISECONDS);
  }

  look();
  return {
    look,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
