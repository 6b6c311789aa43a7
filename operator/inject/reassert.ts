/**
 * A later call of the webhook. The API server calls again after in-tree plugins and other webhooks changed
 * what the first call made, and refuses a pod whose changes are undone: AlwaysPullImages, for one, sets
 * imagePullPolicy and then insists on it. So what stands there is kept, and only what the sidecar's
 * safety needs is put back.
 */
import { isSameVersion } from "./is-sidecar.ts";
import { keepMounts } from "./keep-mounts.ts";
import { keepResources } from "./keep-resources.ts";
import type { Container, EnvironmentVariable, Pod } from "./pod.ts";
import { securityContext } from "./security-context.ts";
import type { InjectSettings } from "./settings.ts";

/**
 * Fields that are taken out, since we never set them:
 * - command, args, workingDir, envFrom, lifecycle: they decide which program runs with the Secret keys
 *   that the policy mounts, while the pod counts as injected;
 * - startupProbe: every container after ours, the app included, would wait for it;
 * - restartPolicyRules: a sidecar that ends could then restart the whole pod;
 * - volumeDevices: a sidecar has no use for a raw device.
 */
const NEVER_OURS: ReadonlySet<string> = new Set([
  "command",
  "args",
  "workingDir",
  "envFrom",
  "lifecycle",
  "startupProbe",
  "restartPolicyRules",
  "volumeDevices",
]);

/**
 * Families of variables by which others load their code into the process, put another program in its
 * place, move its files, or change what it takes of memory and threads:
 * - NODE_: those of the runtime. Agents for tracing set NODE_OPTIONS in every container; in 64Mi such an
 *   agent gets the sidecar killed, and the pod unready with it. NODE_COMPILE_CACHE runs what it finds
 *   compiled in a folder;
 * - LD_: those of the loader of shared libraries;
 * - OPENSSL_: its configuration names more libraries;
 * - UV_: how many threads read files and derive keys, and how;
 * - GLIBC_TUNABLES, MALLOC_: how the C library takes memory, of which there is little, and checks what it frees;
 * - HEALTHPOLICY_: the sidecar's own, which could move its policy or its marks.
 */
const RESERVED_PREFIXES = [
  "NODE_",
  "LD_",
  "OPENSSL_",
  "UV_",
  "GLIBC_TUNABLES",
  "MALLOC_",
  "HEALTHPOLICY_",
];
/** Names authorities and no code: how webhooks give every container those of a company. */
const EXTRA_AUTHORITIES = "NODE_EXTRA_CA_CERTS";

function isReserved({ name = "" }: EnvironmentVariable): boolean {
  if (name === EXTRA_AUTHORITIES) return false;
  return name === "PATH" || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/**
 * The sidecar `standing` in `pod`, with what safety needs as in `fresh`, the one that a first call would put
 * there; `usual` are the resources that it has in a pod that is not Guaranteed. Calling it on its own result changes
 * nothing.
 */
export function reassert(
  pod: Pod,
  standing: Container,
  { fresh, usual }: { fresh: Container; usual: InjectSettings["resources"] },
): Container {
  const kept = Object.entries(standing).filter(([field]) => !NEVER_OURS.has(field));
  return {
    ...fresh,
    ...Object.fromEntries(kept),
    image: isSameVersion(standing.image, fresh.image ?? "") ? standing.image : fresh.image,
    restartPolicy: fresh.restartPolicy,
    env: [...(fresh.env ?? []), ...(standing.env ?? []).filter((entry) => !isReserved(entry))],
    ports: fresh.ports,
    readinessProbe: fresh.readinessProbe,
    livenessProbe: fresh.livenessProbe,
    resources: keepResources(standing.resources ?? {}, {
      ours: fresh.resources ?? {},
      usual,
      pod: pod.spec?.resources,
    }),
    securityContext: securityContext(pod, standing.securityContext),
    volumeMounts: keepMounts(standing.volumeMounts ?? [], {
      ours: fresh.volumeMounts ?? [],
      volumes: pod.spec?.volumes ?? [],
    }),
  } as Container;
}
