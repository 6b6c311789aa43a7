/**
 * Whether a policy's own dependency runs in the pods that the policy selects. A database that waits for itself is
 * never ready, and with it nobody.
 */
import type { EffectivePolicy } from "./effective-policy.ts";
import type { NamespacedName } from "./namespaced-name.ts";
import type { DependencyConfig } from "./policy-file.ts";

/** A Service, as far as it decides about circles. */
export interface ServiceRecord {
  namespace: string;
  name: string;
  /** Labels of the pods behind it; at least one. */
  selector: Readonly<Record<string, string>>;
  /** Its pods have names of their own below its name. */
  headless: boolean;
}

/** The Service of this namespace and name; undefined where there is none that selects pods. */
export type FindService = (key: NamespacedName) => ServiceRecord | undefined;

/** A dependency that is one of the namespace's own Services. */
export interface OwnService {
  /** Name of the dependency. */
  dependency: string;
  service: ServiceRecord;
}

/** Every host that a dependency of any type names; a connection string's is not known here. */
function hostsOf(dependency: DependencyConfig): string[] {
  const slots = dependency as unknown as Record<string, unknown>;
  const { host, servers = [] } = (slots[dependency.type] ?? {}) as {
    host?: string;
    servers?: { host: string }[];
  };
  return [host, ...servers.map((server) => server.host)].filter((name) => name !== undefined);
}

/** How the pods of a StatefulSet are named. Other pods have a name in DNS only where their author gives them one. */
const ENDS_IN_NUMBER = /-\d+$/;

/**
 * The Service of `namespace` that a host means: `db`, `db.shop` and `db.shop.svc...`; and, below a headless one, a pod
 * of it: `db-0.db` and the longer forms. A host of another namespace or of outside means none, nor does one with a dot
 * at its end and no `svc` in it, to which no search list is added.
 *
 * `postgres.orders` is a pod of Service `orders` or, far more often, a Service of namespace `orders`. The number
 * decides: whether there is such a Service is not known of one without a selector, and may change later.
 */
function serviceOf(host: string, namespace: string, find: FindService): ServiceRecord | undefined {
  const labels = host.toLowerCase().split(".");
  const cluster = labels.indexOf("svc");
  const local = cluster >= 2 ? labels.slice(0, cluster) : labels;
  const named = local.length > 1 && local.at(-1) === namespace;
  if (cluster >= 2 && !named) return undefined;
  const [name = "", pod, ...further] = (named ? local.slice(0, -1) : local).toReversed();
  const service = find({ namespace, name });
  if (pod === undefined) return service;
  const isPod = further.length === 0 && (named || ENDS_IN_NUMBER.test(pod));
  return isPod && service?.headless ? service : undefined;
}

/** The namespace's own Services that the policy names as hosts, each once for each dependency, in their order. */
export function ownServices(
  { namespace, dependencies }: Pick<EffectivePolicy, "namespace" | "dependencies">,
  find: FindService,
): OwnService[] {
  return dependencies.flatMap((dependency) => {
    const services = hostsOf(dependency).map((host) => serviceOf(host, namespace, find));
    return [...new Set(services)].flatMap((service) =>
      service ? [{ dependency: dependency.name, service }] : [],
    );
  });
}

/**
 * Those of these Services that a pod with given labels is behind, in their order. To be made once for many pods: it
 * counts, label by label of the pod, what each Service has been met in. Compared with each pod one after the other, 100
 * Services whose selectors have 64 labels and differ in the last took the leader 0.1 s for 200 pods.
 */
export function circleFinder(
  services: readonly OwnService[],
): (labels: Readonly<Record<string, string>>) => OwnService[] {
  const sizes = services.map(({ service }) => Object.keys(service.selector).length);
  /** Label key, then value: places in `services` of those that ask for it. */
  const asking = new Map<string, Map<string, number[]>>();
  for (const [place, { service }] of services.entries()) {
    for (const [key, value] of Object.entries(service.selector)) {
      const values = asking.get(key) ?? new Map<string, number[]>();
      const places = values.get(value) ?? [];
      places.push(place);
      asking.set(key, values.set(value, places));
    }
  }
  return (labels) => {
    const met = new Uint32Array(services.length);
    for (const [key, value] of Object.entries(labels)) {
      for (const place of asking.get(key)?.get(value) ?? []) met[place] = (met[place] ?? 0) + 1;
    }
    return services.filter((_, place) => met[place] === sizes[place]);
  };
}

/** Why a pod behind the Service gets no sidecar, in one sentence, for warnings, Events and statuses. */
export function circularMessage({ dependency, service }: OwnService): string {
  return `The pod is behind Service ${service.name}, the host of dependency ${dependency}, and would wait for itself.`;
}
