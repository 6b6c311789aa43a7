/** What Align and Apply may change, over hundreds of pods that nobody wrote: times of two probes, upwards. */
import { expect, test } from "@jest/globals";
import { PROBES_LEFT_ALONE_ANNOTATION, PROBES_RAISED_ANNOTATION } from "../api/names.ts";
import type { PodProbes } from "../api/standards/pod-probes.ts";
import type { Standards } from "../api/standards/rule.ts";
import { randomCase } from "../api/standards/testing/random-probes.ts";
import { violations } from "../api/standards/violations.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { ENFORCEMENTS } from "../api/v1alpha1-cluster-standards.ts";
import { applyStandards } from "./apply-standards.ts";
import { inject } from "./inject.ts";
import type { Container, Pod, Probe } from "./pod.ts";
import { RAISED_PROBES } from "./probe-floors.ts";
import { deepFreeze } from "./testing/deep-freeze.ts";
import { type Random, seededRandom } from "./testing/random.ts";
import { randomLaterCall } from "./testing/random-later-call.ts";
import { randomPod } from "./testing/random-pod.ts";
import { SETTINGS } from "./testing/settings.ts";

const PODS = 300;
const TIMES = ["timeoutSeconds", "periodSeconds"] as const;
const KEEP = deepFreeze(testPolicy());
const ALIGN = deepFreeze(testPolicy({ application: { probes: "Align" } }));
const STANDARDS: Standards[] = [
  {
    enforcement: "Apply",
    readinessProbe: { minTimeoutSeconds: 3, minExecTimeoutSeconds: 12, timeoutWithinPeriod: true },
    livenessProbe: { minTimeoutSeconds: 8, timeoutWithinPeriod: true, maxPeriodSeconds: 9 },
  },
];

/** The probe with random times, as its author may have written them. */
function timed(probe: Probe | undefined, random: Random): Probe | undefined {
  if (!probe) return undefined;
  const time = () => random.pick<unknown>([0, 1, 4, 5, 20, 3_600, null]);
  const times = TIMES.filter(() => random.chance(0.5)).map((field) => [field, time()]);
  const rewritten = { httpGet: { path: "/app-health/app/readyz", port: 15_020 } };
  return { ...(random.chance(0.1) ? rewritten : probe), ...Object.fromEntries(times) };
}

function podOf(seed: number): Pod {
  const random = seededRandom(seed);
  const pod = randomPod(seed);
  const containers = (pod.spec?.containers ?? []).map((container): Container => {
    const { readinessProbe, livenessProbe, ...rest } = container;
    const probes = {
      readinessProbe: timed(readinessProbe, random),
      livenessProbe: timed(livenessProbe, random),
    };
    return { ...rest, ...Object.fromEntries(Object.entries(probes).filter(([, probe]) => probe)) };
  });
  return deepFreeze({ ...pod, spec: { ...pod.spec, containers } });
}

/** The pod without the times of its containers' two probes, and without the record of their raises. */
function withoutTimes(pod: Pod): unknown {
  const { annotations = {}, ...metadata } = pod.metadata ?? {};
  const {
    [PROBES_RAISED_ANNOTATION]: _raised,
    [PROBES_LEFT_ALONE_ANNOTATION]: _leftAlone,
    ...others
  } = annotations;
  const containers = pod.spec?.containers?.map((container) => {
    const probes = RAISED_PROBES.filter((kind) => container[kind]).map((kind) => {
      const { timeoutSeconds: _timeout, periodSeconds: _period, ...probe } = container[kind] ?? {};
      return [kind, probe];
    });
    return { ...container, ...Object.fromEntries(probes) };
  });
  return {
    ...pod,
    metadata: { ...metadata, annotations: others },
    spec: { ...pod.spec, containers },
  };
}

function times(pod: Pod): number[] {
  return (pod.spec?.containers ?? []).flatMap((container) =>
    RAISED_PROBES.flatMap((kind) => TIMES.map((field) => Number(container[kind]?.[field] ?? 0))),
  );
}

const FLOOR_RULE = /(TimeoutTooShort|ExecTimeoutTooShort)$/;

const rulesOf = ({ spec = {} }: Pod, standards: Standards) =>
  violations(spec as PodProbes, standards).map(({ rule }) => rule);

const podWith = (spec: PodProbes) => deepFreeze<Pod>({ spec: spec as NonNullable<Pod["spec"]> });

/** Whether the API server takes them: no probe could meet a floor above a ceiling. */
function canBeMet(standards: Standards): boolean {
  return RAISED_PROBES.every((kind) => {
    const { minTimeoutSeconds = 0, minExecTimeoutSeconds = 0, ...asked } = standards[kind] ?? {};
    const ceiling = asked.timeoutWithinPeriod ? (asked.maxPeriodSeconds ?? 3_600) : 3_600;
    return Math.max(minTimeoutSeconds, minExecTimeoutSeconds) <= ceiling;
  });
}

test("no pod violates a floor of standards that were applied, nor its period but under a ceiling", () => {
  let violated = 0;
  const cases = Array.from({ length: PODS }, (_, seed) => ({ seed, ...randomCase(seed) }));
  for (const { seed, pod, standards } of cases.filter((one) => canBeMet(one.standards))) {
    const applied = applyStandards(podWith(pod), [{ ...standards, enforcement: "Apply" }]);
    const left = rulesOf(applied, standards);
    const before = rulesOf(podWith(pod), standards);
    violated += before.filter((rule) => FLOOR_RULE.test(rule)).length;
    expect({ seed, left: left.filter((rule) => FLOOR_RULE.test(rule)) }).toStrictEqual({
      seed,
      left: [],
    });
    for (const probe of RAISED_PROBES) {
      const mustHold = standards[probe]?.maxPeriodSeconds === undefined;
      const word = probe === "readinessProbe" ? "Readiness" : "Liveness";
      if (mustHold) expect(left).not.toContain(`${word}TimeoutAbovePeriod`);
    }
  }
  expect(violated).toBeGreaterThan(PODS / 5);
});

test.each(ENFORCEMENTS)(
  "Apply makes no pod violate standards that it met, those of others with %s among them",
  (enforcement) => {
    let raised = 0;
    for (let seed = 0; seed < PODS; seed++) {
      const { pod, standards } = randomCase(seed);
      const all: Standards[] = [
        { ...standards, enforcement: "Apply" },
        { ...randomCase(PODS + seed).standards, enforcement },
      ];
      const before = podWith(pod);
      const after = applyStandards(before, all);
      const broken = all.flatMap((one) => {
        const met = rulesOf(before, one);
        return rulesOf(after, one).filter((rule) => !met.includes(rule));
      });
      expect({ seed, broken }).toStrictEqual({ seed, broken: [] });
      raised += after === before ? 0 : 1;
    }
    expect(raised).toBeGreaterThan(PODS / 5);
  },
);

test("Align makes no pod violate standards that it met, or the API server would refuse a correct one", () => {
  let raised = 0;
  for (let seed = 0; seed < PODS; seed++) {
    const { pod, standards } = randomCase(seed);
    const before = podWith(pod);
    const injection = inject(before, ALIGN, { ...SETTINGS, standards: [standards] });
    if (!("pod" in injection)) continue;
    const after = injection.pod;
    const met = rulesOf(before, standards);
    const broken = rulesOf(after, standards).filter((rule) => !met.includes(rule));
    expect({ seed, broken }).toStrictEqual({ seed, broken: [] });
    raised += after.metadata?.annotations?.[PROBES_RAISED_ANNOTATION] === undefined ? 0 : 1;
  }
  expect(raised).toBeGreaterThan(PODS / 5);
});

interface Raised {
  seed: number;
  before: Pod;
  after: Pod;
}

/** What raises times. Injection is taken as given: both sides are injected. */
const WAYS: [string, (pod: Pod) => Raised["after"] | undefined, (pod: Pod) => Pod | undefined][] = [
  ["Align", (pod) => injected(pod, ALIGN), (pod) => withRevisionOf(pod)],
  ["Apply", (pod) => applyStandards(pod, STANDARDS), (pod) => pod],
];

function injected(pod: Pod, policy: typeof KEEP): Pod | undefined {
  const injection = inject(pod, policy, SETTINGS);
  return "pod" in injection ? injection.pod : undefined;
}

/** The pod as Keep leaves it, but for the revision, which says that another was asked for. */
function withRevisionOf(pod: Pod): Pod | undefined {
  const keep = injected(pod, KEEP);
  const aligned = injected(pod, ALIGN);
  const revision = aligned?.metadata?.annotations?.["healthpolicy.dev/revision"];
  return (
    keep && {
      ...keep,
      metadata: {
        ...keep.metadata,
        annotations: { ...keep.metadata?.annotations, "healthpolicy.dev/revision": revision ?? "" },
      },
    }
  );
}

test.each(WAYS)(
  "%s changes times of readiness and liveness probes alone, upwards",
  (_way, raise, keep) => {
    let changed = 0;
    for (let seed = 0; seed < PODS; seed++) {
      const pod = podOf(seed);
      const [before, after] = [keep(pod), raise(pod)];
      if (!before || !after) continue;
      expect({ seed, pod: withoutTimes(after) }).toStrictEqual({ seed, pod: withoutTimes(before) });
      const [earlier, later] = [times(before), times(after)];
      expect({ seed, lowered: later.filter((time, i) => time < (earlier[i] ?? 0)) }).toStrictEqual({
        seed,
        lowered: [],
      });
      if (JSON.stringify(earlier) !== JSON.stringify(later)) changed += 1;
    }
    expect(changed).toBeGreaterThan(PODS / 5);
  },
);

test.each(WAYS)("%s has nothing to do the second time", (_way, raise) => {
  for (let seed = 0; seed < PODS; seed++) {
    const after = raise(podOf(seed));
    if (after) expect({ seed, pod: raise(deepFreeze(after)) }).toStrictEqual({ seed, pod: after });
  }
});

test("what others changed after a first call under Align survives every later one", () => {
  for (let seed = 0; seed < PODS; seed++) {
    const after = injected(podOf(seed), ALIGN);
    if (!after) continue;
    const lowered = after.spec?.containers?.map((container) => ({
      ...container,
      ...(container.readinessProbe && {
        readinessProbe: { ...container.readinessProbe, timeoutSeconds: 1 },
      }),
    }));
    const pod = deepFreeze(
      randomLaterCall(
        { ...after, spec: { ...after.spec, ...(lowered && { containers: lowered }) } },
        seed,
      ),
    );
    expect({ seed, pod: injected(pod, ALIGN) }).toStrictEqual({ seed, pod });
  }
});
