/**
 * Reads the policy file with care and without a schema library. What this version does not know it
 * leaves out; what it knows and finds broken in one dependency makes that dependency misconfigured,
 * not the whole policy unreadable.
 */
import { isIP } from "node:net";
import { DEFAULT_MODE, MAX_CIRCULAR_PODS, MAX_DEPENDENCIES, MAX_PEERS } from "../../api/limits.ts";
import { isDnsLabel, isDnsSubdomain } from "../../api/name-patterns.ts";
import { LAST_SIDECAR_PORT, SIDECAR_PORT } from "../../api/names.ts";
import {
  type DependencyConfig,
  type FleetConfig,
  IMPACTS,
  type MaxUnready,
  MODES,
  type Mode,
  type PeerAddress,
  POLICY_FILE_FORMAT,
  type PolicyFile,
} from "../../api/policy-file.ts";
import { type Timing, withinLimits } from "../../api/timing.ts";
import {
  fields,
  integer,
  list,
  listOf,
  numberReader,
  object,
  type Pattern,
  text,
  textReader,
  whole,
} from "./parse-fields.ts";
import { parseSlot } from "./parse-slots.ts";

const NAME: Pattern = { test: isDnsLabel };
const POLICY_NAME: Pattern = { test: isDnsSubdomain };
const TYPE = /^[A-Za-z0-9]{1,63}$/;

const IP = textReader({ test: (ip) => isIP(ip) !== 0 });

/**
 * Addresses of pods that are not to wait for the dependency. What is broken or of a later version lets nobody go, as
 * without it.
 */
function readCircularPods(value: unknown): string[] | undefined {
  try {
    return listOf(IP, MAX_CIRCULAR_PODS)(value, "circularPods");
  } catch {
    return undefined;
  }
}

function dependency(value: unknown, index: number): DependencyConfig {
  const path = `dependencies[${index}]`;
  const from = fields(value, path);
  const type = text(from.type, `${path}.type`, TYPE);
  const circularPods = readCircularPods(from.circularPods);
  return {
    name: text(from.name, `${path}.name`, NAME),
    type,
    // An impact of a later version may be stricter or milder; reporting alone is the one that cannot
    // empty a Service.
    impact: IMPACTS.find((known) => known === from.impact) ?? "Observe",
    ...parseSlot(type, from[type]),
    ...(circularPods && { circularPods }),
  };
}

/**
 * The times, each brought within the limits that the API server keeps to. Who may write ConfigMaps could
 * else make every pod ask a database each millisecond, or never. The nearest value, and no refusal: a
 * later version may allow more, and its policies must still reach this one. A time that is no whole
 * number comes from no version at all, and is refused.
 */
function timing(value: unknown): Timing {
  const from = fields(value, "timing");
  const read = (name: keyof Timing) => integer(from[name], `timing.${name}`);
  return withinLimits({
    connectTimeoutMilliseconds: read("connectTimeoutMilliseconds"),
    checkTimeoutMilliseconds: read("checkTimeoutMilliseconds"),
    intervalMilliseconds: read("intervalMilliseconds"),
    failureThreshold: read("failureThreshold"),
    successThreshold: read("successThreshold"),
  });
}

/**
 * What the file says, Enforce where it says nothing. A mode of a later version is a dry run for this one: reporting
 * alone cannot empty a Service.
 */
function mode(value: unknown): Mode {
  if (value === undefined) return DEFAULT_MODE;
  return MODES.find((known) => known === value) ?? "DryRun";
}

const PEER = object<PeerAddress>({
  ip: IP,
  // What a person writes there must not send sidecars to any port of a pod.
  port: numberReader({ minimum: SIDECAR_PORT, maximum: LAST_SIDECAR_PORT }),
});
const PERCENT = numberReader({ minimum: 0, maximum: 100 });
/** More than a cluster has. */
const PODS = numberReader({ minimum: 0, maximum: 1_000_000 });

function maxUnready(value: unknown): MaxUnready {
  const { percent, pods } = fields(value, "fleet.maxUnready");
  return percent === undefined
    ? { pods: PODS(pods, "fleet.maxUnready.pods") }
    : { percent: PERCENT(percent, "fleet.maxUnready.percent") };
}

/**
 * Whom to ask, and from which share on a fault is one of all. What is broken or of a later version leaves each pod to
 * itself, as without it; the rest of the policy counts.
 */
function fleet(value: unknown): FleetConfig | undefined {
  try {
    const from = fields(value, "fleet");
    return {
      maxUnready: maxUnready(from.maxUnready),
      pods: PODS(from.pods, "fleet.pods"),
      peers: listOf(PEER, MAX_PEERS)(from.peers, "fleet.peers"),
    };
  } catch {
    return undefined;
  }
}

function json(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    // The parser's own message quotes the content.
    throw new Error("not JSON");
  }
}

/** The file is of a later format than this version reads. */
export interface UnsupportedFormat {
  unsupportedFormat: number;
}

/**
 * The policy in the text of the policy file. One of a later format is not read at all, since it may mean
 * something else. Throws an Error whose message names the first broken field and quotes no value.
 */
export function parsePolicyFile(content: string): PolicyFile | UnsupportedFormat {
  const from = fields(json(content), "policy file");
  const formatVersion = whole(from.formatVersion, "formatVersion", Number.MAX_SAFE_INTEGER);
  if (formatVersion > POLICY_FILE_FORMAT) return { unsupportedFormat: formatVersion };
  const dependencies = list(from.dependencies, "dependencies", MAX_DEPENDENCIES).map(dependency);
  if (new Set(dependencies.map(({ name }) => name)).size < dependencies.length) {
    throw new Error("two dependencies have one name");
  }
  const shared = fleet(from.fleet);
  return {
    policy: text(from.policy, "policy", POLICY_NAME),
    generation: whole(from.generation, "generation", Number.MAX_SAFE_INTEGER),
    mode: mode(from.mode),
    timing: timing(from.timing),
    dependencies,
    ...(shared && { fleet: shared }),
  };
}
