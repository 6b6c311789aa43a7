/** The injected container: a native sidecar, that is an init container that goes on running. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { MOUNTED_KEYS_ENV, PORT_ENV, SIDECAR_CONTAINER } from "../api/names.ts";
import { keyName } from "../api/policy-file.ts";
import { isSidecar } from "./is-sidecar.ts";
import { mountedKeys } from "./mounted-keys.ts";
import { otherContainers } from "./other-containers.ts";
import type { Container, Pod } from "./pod.ts";
import { freePort, portEntry } from "./port.ts";
import { keepHandlers, sidecarProbes } from "./probes.ts";
import { reassert } from "./reassert.ts";
import { askedResources, sidecarResources } from "./resources.ts";
import { securityContext } from "./security-context.ts";
import type { InjectSettings } from "./settings.ts";
import { sidecarMounts } from "./volume.ts";

/** An empty value is left out, as the API server would drop it: a later call would see a difference. */
function variable(name: string, value: string): { name: string; value?: string } {
  return value === "" ? { name } : { name, value };
}

function environment(policy: EffectivePolicy, port: number): { name: string; value?: string }[] {
  const keys = mountedKeys(policy.dependencies).map(keyName);
  return [variable(PORT_ENV, String(port)), variable(MOUNTED_KEYS_ENV, keys.join(","))];
}

/**
 * The sidecar of a first call; `settings` with the resources that the policy asks for. Fields that the API server would
 * default are stated, so that a second call finds nothing to do.
 */
function sidecar(pod: Pod, policy: EffectivePolicy, settings: InjectSettings): Container {
  const others = otherContainers(pod);
  const port = freePort(others);
  if (port === undefined) throw new Error("whySkip() lets no pod without a free port through");
  return {
    name: SIDECAR_CONTAINER,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    restartPolicy: "Always",
    env: environment(policy, port),
    ports: [portEntry(port, others)],
    ...sidecarProbes(policy.probe, port),
    resources: sidecarResources(pod.spec ?? {}, settings.resources),
    securityContext: securityContext(pod),
    // The last lines of a crashed sidecar then show in `kubectl describe pod`.
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: sidecarMounts(pod),
  };
}

function portOf(container: Container): string | undefined {
  return container.env?.find(({ name }) => name === PORT_ENV)?.value;
}

/**
 * The pod's init containers with the sidecar. One that is there already stays where it stands, with what
 * others changed in it; a new one goes first:
 * - before init containers that wait for a database, so that its `/status` says what they wait for;
 * - it ends last, because sidecars end in reverse order, and answers probes until the app is gone;
 * - before a mesh's proxy its first checks may fail; the next one, an interval later, goes through the
 *   proxy, and the app's containers have not started by then.
 */
export function withSidecar(
  pod: Pod,
  policy: EffectivePolicy,
  settings: InjectSettings,
): Container[] {
  const initContainers = pod.spec?.initContainers ?? [];
  const own = { ...settings, resources: askedResources(settings.resources, policy) };
  const fresh = sidecar(pod, policy, own);
  const standing = initContainers.find((container) => isSidecar(container, settings.image));
  if (!standing) return [fresh, ...initContainers];
  const kept = reassert(pod, standing, { fresh, usual: own.resources });
  // By the port alone: whoever redirects probes has taken it from there. The policy may have been edited since.
  const isSamePort = portOf(standing) === portOf(fresh);
  const next = isSamePort ? keepHandlers(pod, kept, standing) : kept;
  return initContainers.map((container) => (container === standing ? next : container));
}
