/** The rules about a probe's times: each compares one of them with a bound or with another. */
import {
  type ContainerProbes,
  type JudgedProbe,
  PROBE_TIME_DEFAULTS,
  type ProbeTime,
  probeTime,
  type StandardsProbe,
} from "./pod-probes.ts";
import { celAsks, celFlag, PROBE_WORDS, type ProbeWord, type Rule } from "./rule.ts";

/** A floor or a ceiling for one time of a probe. */
interface TimeBound<Suffix extends string> {
  /** The rule's id after the probe's word. */
  suffix: Suffix;
  /** The standard that holds the bound. */
  standard:
    | "minTimeoutSeconds"
    | "minExecTimeoutSeconds"
    | "maxPeriodSeconds"
    | "maxInitialDelaySeconds";
  field: ProbeTime;
  side: "floor" | "ceiling";
  /** What the sentence says of the probes that are meant, and after the bound. */
  clause: string;
  advice: string;
  /** Which probes are meant, where not all are; and the same in CEL. */
  meant?: (probe: StandardsProbe, container: ContainerProbes) => boolean;
  celMeant?: (probe: string) => string;
}

const isExec = ({ exec }: StandardsProbe) => exec !== undefined;
const hasNoStartupProbe = (_: StandardsProbe, container: ContainerProbes) =>
  container.startupProbe === undefined;

const BOUNDS = [
  {
    suffix: "TimeoutTooShort",
    standard: "minTimeoutSeconds",
    field: "timeoutSeconds",
    side: "floor",
    clause: "",
    advice: "or more",
  },
  {
    suffix: "ExecTimeoutTooShort",
    standard: "minExecTimeoutSeconds",
    field: "timeoutSeconds",
    side: "floor",
    clause: " for a command",
    advice: "or more",
    meant: isExec,
    celMeant: (probe) => `has(${probe}.exec)`,
  },
  {
    suffix: "PeriodTooLong",
    standard: "maxPeriodSeconds",
    field: "periodSeconds",
    side: "ceiling",
    clause: "",
    advice: "or less",
  },
  {
    suffix: "InitialDelayTooLong",
    standard: "maxInitialDelaySeconds",
    field: "initialDelaySeconds",
    side: "ceiling",
    clause: " without a startupProbe",
    advice: "or less, and a startupProbe where the start takes longer",
    meant: hasNoStartupProbe,
    celMeant: () => "!has(c.startupProbe)",
  },
] as const satisfies TimeBound<string>[];

/** Said after a value, for whoever never wrote one. */
const DEFAULT_NOTE = " (the default)";
const note = (value: number, field: ProbeTime) =>
  value === PROBE_TIME_DEFAULTS[field] ? DEFAULT_NOTE : "";

const celTime = (probe: string, field: ProbeTime) =>
  `(has(${probe}.${field}) ? ${probe}.${field} : ${PROBE_TIME_DEFAULTS[field]})`;
const celNote = (value: string, field: ProbeTime) =>
  `(${value} == ${PROBE_TIME_DEFAULTS[field]} ? '${DEFAULT_NOTE}' : '')`;

function boundRule<Suffix extends string>(
  probe: JudgedProbe,
  bound: TimeBound<Suffix>,
): Rule<`${ProbeWord}${Suffix}`> {
  const { suffix, standard, field, side, meant = () => true, celMeant } = bound;
  const celProbe = `c.${probe}`;
  const celBound = `variables.standards.${probe}.${standard}`;
  const celValue = celTime(celProbe, field);
  return {
    id: `${PROBE_WORDS[probe]}${suffix}`,
    standard: `${probe}.${standard}`,
    format: `${probe}.${field} is %d%s${bound.clause}; write %d ${bound.advice}`,
    violated: ({ container, standards }) => {
      const asked = standards[probe]?.[standard];
      const judged = container[probe];
      if (asked === undefined || !judged || !meant(judged, container)) return undefined;
      const value = probeTime(judged, field);
      const beyond = side === "floor" ? value < asked : value > asked;
      return beyond ? [value, note(value, field), asked] : undefined;
    },
    cel: {
      asked: celAsks(probe, standard),
      violated: [
        `has(${celProbe})`,
        ...(celMeant ? [celMeant(celProbe)] : []),
        `${celValue} ${side === "floor" ? "<" : ">"} ${celBound}`,
      ].join(" && "),
      values: [celValue, celNote(celValue, field), celBound],
    },
  };
}

/** A timeout that is longer than the period: the next probe would be due before this one has ended. */
function withinPeriod(probe: JudgedProbe): Rule<`${ProbeWord}TimeoutAbovePeriod`> {
  const celTimeout = celTime(`c.${probe}`, "timeoutSeconds");
  const celPeriod = celTime(`c.${probe}`, "periodSeconds");
  return {
    id: `${PROBE_WORDS[probe]}TimeoutAbovePeriod`,
    standard: `${probe}.timeoutWithinPeriod`,
    format: `${probe}.timeoutSeconds is %d, more than periodSeconds, which is %d%s; write %d or less, or a longer periodSeconds`,
    violated: ({ container, standards }) => {
      const judged = container[probe];
      if (!standards[probe]?.timeoutWithinPeriod || !judged) return undefined;
      const timeout = probeTime(judged, "timeoutSeconds");
      const period = probeTime(judged, "periodSeconds");
      return timeout > period
        ? [timeout, period, note(period, "periodSeconds"), period]
        : undefined;
    },
    cel: {
      asked: celFlag(probe, "timeoutWithinPeriod"),
      violated: `has(c.${probe}) && ${celTimeout} > ${celPeriod}`,
      values: [celTimeout, celPeriod, celNote(celPeriod, "periodSeconds"), celPeriod],
    },
  };
}

/** The rules about the times of one kind of probe. */
export function timeRules(
  probe: JudgedProbe,
): Rule<`${ProbeWord}${(typeof BOUNDS)[number]["suffix"] | "TimeoutAbovePeriod"}`>[] {
  return [...BOUNDS.map((bound) => boundRule(probe, bound)), withinPeriod(probe)];
}
