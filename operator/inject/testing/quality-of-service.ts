/** For tests: what API servers make of a pod's resources, and the class that follows, by the rules of each version. */
import type { Container, Pod, PodSpec, Quantities, Resources } from "../pod.ts";
import { quantity } from "../quantity.ts";

type Amounts = Record<string, bigint>;
type Part = "requests" | "limits";

const NAMES = ["cpu", "memory"];

function amounts(quantities: Quantities = {}): Amounts {
  return Object.fromEntries(
    Object.entries(quantities).map(([name, text]) => [name, quantity(text) ?? 0n]),
  );
}

function combine(left: Amounts, right: Amounts, by: (a: bigint, b: bigint) => bigint): Amounts {
  const names = Object.keys({ ...left, ...right });
  return Object.fromEntries(names.map((name) => [name, by(left[name] ?? 0n, right[name] ?? 0n)]));
}

const sum = (left: Amounts, right: Amounts) => combine(left, right, (a, b) => a + b);
const larger = (left: bigint, right: bigint) => (left < right ? right : left);
const most = (left: Amounts, right: Amounts) => combine(left, right, larger);

/** A container's or pod's, with each request that is unset and has a limit. */
function resourcesOf({ resources }: Container): Record<Part, Amounts> {
  const limits = amounts(resources?.limits);
  return { limits, requests: { ...limits, ...amounts(resources?.requests) } };
}

/** `AggregateContainerRequests` and `AggregateContainerLimits` of `k8s.io/component-helpers/resource`. */
function aggregate({ containers = [], initContainers = [] }: PodSpec, part: Part): Amounts {
  let result: Amounts = {};
  for (const container of containers) result = sum(result, resourcesOf(container)[part]);
  let restartable: Amounts = {};
  let init: Amounts = {};
  for (const container of initContainers) {
    const its = resourcesOf(container)[part];
    if (container.restartPolicy === "Always") {
      result = sum(result, its);
      restartable = sum(restartable, its);
      init = most(init, restartable);
    } else {
      init = most(init, sum(restartable, its));
    }
  }
  return most(result, init);
}

/** How a version fills in what a pod as a whole leaves out, and when. */
export interface Server {
  name: string;
  /** Whether it knows the field; else it sends it to webhooks and drops it afterwards. */
  knowsPodResources: boolean;
  /** Whether it fills in requests before webhooks, of pods with limits, and no limits at all. */
  fillsInBeforeWebhooks: boolean;
}

export const SERVERS: readonly Server[] = [
  { name: "1.37", knowsPodResources: true, fillsInBeforeWebhooks: false },
  { name: "1.34 to 1.36", knowsPodResources: true, fillsInBeforeWebhooks: true },
  { name: "up to 1.33", knowsPodResources: false, fillsInBeforeWebhooks: true },
];

function filledRequests(spec: PodSpec, { requests, limits }: Record<Part, Amounts>): Amounts {
  return { ...limits, ...aggregate(spec, "requests"), ...requests };
}

function filledLimits(spec: PodSpec, requests: Amounts, limits: Amounts): Amounts {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const limited = Object.keys(requests).filter((name) =>
    containers.every(({ resources }) => resources?.limits?.[name] !== undefined),
  );
  const filled = most(requests, aggregate(spec, "limits"));
  return { ...Object.fromEntries(limited.map((name) => [name, filled[name] ?? 0n])), ...limits };
}

/** A pod's amounts as a whole once `server` has filled them in; undefined where it has none or drops them. */
export function wholeOf({ spec = {} }: Pod, server: Server): Record<Part, Amounts> | undefined {
  const stated = {
    requests: amounts(spec.resources?.requests),
    limits: amounts(spec.resources?.limits),
  };
  const isStated = Object.keys({ ...stated.requests, ...stated.limits }).length > 0;
  if (!(isStated && server.knowsPodResources)) return undefined;
  if (!server.fillsInBeforeWebhooks) {
    const requests = filledRequests(spec, stated);
    return { requests, limits: filledLimits(spec, requests, stated.limits) };
  }
  const hasLimits = Object.keys(stated.limits).length > 0;
  return { ...stated, requests: hasLimits ? filledRequests(spec, stated) : stated.requests };
}

/** The pod as `server` sends it to webhooks. */
export function sentToWebhooks(pod: Pod, server: Server): Pod {
  const whole = server.fillsInBeforeWebhooks ? wholeOf(pod, server) : undefined;
  if (!whole) return pod;
  const requests = Object.entries(whole.requests).map(([name, amount]) => [name, `${amount}n`]);
  const resources: Resources = { ...pod.spec?.resources, requests: Object.fromEntries(requests) };
  return { ...pod, spec: { ...pod.spec, resources } };
}

function classOf({ requests, limits }: Record<Part, Amounts>): string {
  const classes = NAMES.map((name) => {
    const request = requests[name] ?? 0n;
    if (request !== (limits[name] ?? 0n)) return "Burstable";
    return request === 0n ? "BestEffort" : "Guaranteed";
  });
  return new Set(classes).size === 1 ? (classes[0] ?? "") : "Burstable";
}

/** `ComputePodQOS` in `pkg/apis/core/v1/helper/qos/qos.go`. */
export function qualityOfService(pod: Pod, server: Server): string {
  const whole = wholeOf(pod, server);
  if (whole) return classOf(whole);
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const classes = [...initContainers, ...containers].map((one) => classOf(resourcesOf(one)));
  return new Set(classes).size === 1 ? (classes[0] ?? "") : "Burstable";
}

/** What `validatePodResourceConsistency` in `pkg/apis/core/validation/validation.go` says, and what it builds on. */
export function whyRefused(pod: Pod, server: Server): string | undefined {
  const whole = wholeOf(pod, server);
  if (!whole) return undefined;
  const asked = aggregate(pod.spec ?? {}, "requests");
  const containers = (pod.spec?.containers ?? []).map((one) => resourcesOf(one).limits);
  const mayNotExceed = (left: Amounts, right: Amounts) =>
    NAMES.find((name) => right[name] !== undefined && (left[name] ?? 0n) > right[name]);
  return (
    mayNotExceed(asked, whole.requests) ??
    mayNotExceed(whole.requests, whole.limits) ??
    containers.map((its) => mayNotExceed(its, whole.limits)).find((name) => name !== undefined)
  );
}
