/** The rules about which probes there are and what they ask. */
import type { JudgedProbe, StandardsProbe } from "./pod-probes.ts";
import { celAsks, celFlag, PROBE_WORDS, type ProbeWord, type Rule, type Subject } from "./rule.ts";

/** The ways in which a probe asks; the API server takes exactly one in each probe. */
const HANDLERS = ["httpGet", "exec", "tcpSocket", "grpc"] as const;

/** What a new probe has to look at, for the sentence. */
const PURPOSE = {
  readinessProbe: "write one that tells whether the app can take requests",
  livenessProbe: "write one that looks at the process alone",
} as const;

/**
 * A probe that is not there. Of pods that run to completion none is asked for: no Service waits for them, and
 * what hangs in them has activeDeadlineSeconds.
 */
export function missing(probe: JudgedProbe): Rule<`${ProbeWord}ProbeMissing`> {
  return {
    id: `${PROBE_WORDS[probe]}ProbeMissing`,
    standard: `${probe}.required`,
    format: `${probe} is missing; ${PURPOSE[probe]}`,
    violated: ({ container, standards, runsToCompletion }) =>
      standards[probe]?.required && !runsToCompletion && !container[probe] ? [] : undefined,
    cel: {
      asked: `${celFlag(probe, "required")} && !variables.runsToCompletion`,
      violated: `!has(c.${probe})`,
      values: [],
    },
  };
}

/** What a probe over HTTP asks; the API server fills in path and scheme, and leaves out an empty host. */
function httpGetOf({ httpGet }: StandardsProbe) {
  if (!httpGet) return undefined;
  const headers = (httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value]);
  const { path, scheme, host = "", port } = httpGet;
  return [path || "/", scheme || "HTTP", host, port, headers];
}

function handlerOf(probe: StandardsProbe, handler: (typeof HANDLERS)[number]): unknown {
  switch (handler) {
    case "httpGet":
      return httpGetOf(probe);
    case "exec":
      return probe.exec && [probe.exec.command ?? []];
    case "tcpSocket":
      return probe.tcpSocket && [probe.tcpSocket.host ?? "", probe.tcpSocket.port];
    case "grpc":
      return probe.grpc && [probe.grpc.service ?? "", probe.grpc.port];
  }
}

/** The way in which both probes ask the same; undefined where they do not. */
function sharedHandler({ readinessProbe, livenessProbe }: Subject["container"]) {
  if (!readinessProbe || !livenessProbe) return undefined;
  return HANDLERS.find((handler) => {
    const asked = handlerOf(livenessProbe, handler);
    if (asked === undefined) return false;
    return JSON.stringify(asked) === JSON.stringify(handlerOf(readinessProbe, handler));
  });
}

const celSame = (handler: string) =>
  `(has(c.livenessProbe.${handler}) && has(c.readinessProbe.${handler}) && c.livenessProbe.${handler} == c.readinessProbe.${handler})`;
const CEL_HANDLER = `(has(c.livenessProbe.httpGet) ? 'httpGet' : has(c.livenessProbe.exec) ? 'exec' : has(c.livenessProbe.tcpSocket) ? 'tcpSocket' : 'grpc')`;

/**
 * A livenessProbe that asks what the readinessProbe asks, compared as written: a port's name and its number are
 * two.
 */
export const LIVENESS_EQUALS_READINESS: Rule<"LivenessEqualsReadiness"> = {
  id: "LivenessEqualsReadiness",
  standard: "livenessProbe.differsFromReadiness",
  format:
    "livenessProbe.%s is the same as readinessProbe.%s; write a livenessProbe that looks at the process alone",
  violated: ({ container, standards }) => {
    if (!standards.livenessProbe?.differsFromReadiness) return undefined;
    const handler = sharedHandler(container);
    return handler && [handler, handler];
  },
  cel: {
    asked: celFlag("livenessProbe", "differsFromReadiness"),
    violated: `has(c.livenessProbe) && has(c.readinessProbe) && (${HANDLERS.map(celSame).join(" || ")})`,
    values: [CEL_HANDLER, CEL_HANDLER],
  },
};

/** The path that the kubelet asks for: with a slash in front, and as far as `?`. */
function askedPath({ httpGet }: StandardsProbe): string | undefined {
  if (!httpGet) return undefined;
  const [path = ""] = (httpGet.path ?? "").split("?", 1);
  return path.startsWith("/") ? path : `/${path}`;
}

// The text before the first `?`, which `split` gives in its first part.
const CEL_WRITTEN_PATH =
  "(has(c.livenessProbe.httpGet.path) ? c.livenessProbe.httpGet.path : '').split('?', 2)[0]";
const CEL_FORBIDDEN = `variables.standards.livenessProbe.forbiddenPaths.filter(f, f == ${CEL_WRITTEN_PATH} || f == '/' + ${CEL_WRITTEN_PATH})`;

/** A livenessProbe that looks at dependencies. The sentence repeats the standard's path, not the pod's. */
export const LIVENESS_PATH_FORBIDDEN: Rule<"LivenessPathForbidden"> = {
  id: "LivenessPathForbidden",
  standard: "livenessProbe.forbiddenPaths",
  format:
    'livenessProbe.httpGet.path is "%s", which looks at dependencies; write a path that looks at the process alone',
  violated: ({ container: { livenessProbe }, standards }) => {
    const path = livenessProbe && askedPath(livenessProbe);
    const found = standards.livenessProbe?.forbiddenPaths?.find((one) => one === path);
    return found === undefined ? undefined : [found];
  },
  cel: {
    asked: celAsks("livenessProbe", "forbiddenPaths"),
    violated: `has(c.livenessProbe) && has(c.livenessProbe.httpGet) && size(${CEL_FORBIDDEN}) > 0`,
    values: [`${CEL_FORBIDDEN}[0]`],
  },
};
