/** What a policy says about one dependency. Each type has its slot, in a file of its own in slots/. */
import { z } from "zod";
import * as rules from "./cel.ts";
import { DEPENDENCY_DEFAULTS, MAX_LABEL_LENGTH } from "./limits.ts";
import { type DependencyConfig, type DependencyType, IMPACTS, type Slots } from "./policy-file.ts";
import { fillHttp, http } from "./slots/http.ts";
import { fillMemcached, memcached } from "./slots/memcached.ts";
import { fillMysql, mysql } from "./slots/mysql.ts";
import { fillPostgresql, postgresql } from "./slots/postgresql.ts";
import { fillRedis, redis } from "./slots/redis.ts";
import { fillTcp, tcp } from "./slots/tcp.ts";
import { describe } from "./v1alpha1-fields.ts";

const { cel } = rules;

/** The slots of a dependency, one per type. */
const SLOTS = { postgresql, mysql, memcached, redis, tcp, http } satisfies Record<
  DependencyType,
  z.ZodObject
>;

/** The types that this version checks, in the order of the documentation. */
export const DEPENDENCY_TYPES = Object.keys(SLOTS) as DependencyType[];

/** The schema of one entry of `spec.dependencies`. */
export const dependency = z
  .object({
    name: z
      .string()
      .max(MAX_LABEL_LENGTH)
      .meta({
        ...describe("Name in reports, metrics and logs: a DNS label, unique in the policy."),
        ...cel(rules.DEPENDENCY_NAME_RULE),
      }),
    impact: z
      .enum(IMPACTS)
      .optional()
      .meta(
        describe(
          "Gate: a pod that cannot reach it is unready. Startup: it must have been up once before the pod is first ready, and is reported only from then on. Observe: reported only. Unset: what a ClusterHealthPolicy of the namespace says for the type, else Gate for databases and caches, Observe for tcp and http.",
        ),
      ),
    ...z.object(SLOTS).partial().shape,
  })
  .meta({
    ...describe("One thing that the app needs; exactly one type."),
    ...cel(rules.exactlyOneTypeRule(DEPENDENCY_TYPES)),
  });

/** What each slot of the resource holds where it is set. */
type SlotSpecs = { [T in DependencyType]: z.infer<(typeof SLOTS)[T]> };

/** Fills in what a slot leaves unset. */
const FILL_IN: { [T in DependencyType]: (slot: SlotSpecs[T]) => Slots[T] } = {
  postgresql: fillPostgresql,
  mysql: fillMysql,
  memcached: fillMemcached,
  redis: fillRedis,
  tcp: fillTcp,
  http: fillHttp,
};

function slotOf<T extends DependencyType>(
  type: T,
  spec: { [K in DependencyType]?: SlotSpecs[K] | undefined },
) {
  const slot = spec[type];
  return slot === undefined ? [] : [{ type, [type]: FILL_IN[type](slot) }];
}

/**
 * The type of a dependency without a slot that this version knows, as one of a later version is after the way back.
 * Sidecars say `Unsupported` of it. Without a type they would refuse the whole file.
 */
const UNKNOWN_TYPE = "unknown";

/** One dependency with every default filled in. The API server lets through one slot at most. */
export function dependencyConfig(spec: z.infer<typeof dependency>): DependencyConfig {
  const [slot] = DEPENDENCY_TYPES.flatMap((type) => slotOf(type, spec));
  const impact = spec.impact ?? (slot && DEPENDENCY_DEFAULTS[slot.type].impact) ?? "Observe";
  return { name: spec.name, impact, type: UNKNOWN_TYPE, ...slot };
}
