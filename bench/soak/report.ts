/** What the soak prints: a line each minute, and tables in the end. */
import { slopeOf } from "./growth.ts";
import type { Kubelet } from "./kubelet.ts";
import { FIGURES, type Readings } from "./readings.ts";
import type { Review } from "./reviews.ts";
import { outside, type Span, within } from "./spans.ts";
import { type Counts, type FaultOutcome, missedOf } from "./verdict.ts";

/** A sidecar, as its kubelet saw it. */
export interface Asked {
  name: string;
  kubelet: Kubelet;
}

function now({ program, last }: Readings): string {
  if (last === undefined) return `${program.name} has ended`;
  return `${program.name} ${last.memory.toFixed(1)} MiB, ${last.handles} handles, ${last.sockets} sockets`;
}

/** What all programs hold at this moment. */
export function progressLine(minute: number, minutes: number, all: readonly Readings[]): string {
  return `soak: ${minute} of ${minutes} min: ${all.map(now).join("; ")}`;
}

function growthRow({ program, points, most }: Readings): string[] {
  return FIGURES.map((figure) => {
    const values = points[figure].map(({ value }) => value);
    const slope = slopeOf(points[figure]);
    const growth = slope
      ? `${signed(slope.perHour)} (${signed(slope.least)} to ${signed(slope.most)})`
      : "too few rounds";
    const [first, last] = [values.at(0), values.at(-1)].map((value) => value?.toFixed(1) ?? "-");
    const unit = figure === "memory" ? "memory, MiB" : figure;
    return `| ${program.name} | ${unit} | ${first} | ${last} | ${most[figure].toFixed(1)} | ${growth} |`;
  });
}

const signed = (value: number) => `${value < 0 ? "" : "+"}${value.toFixed(2)}`;

/** How each figure of each program went. */
export function growthTable(all: readonly Readings[]): string {
  const head =
    "| program | figure | first round | last round | most | growth an hour (95 % interval) |";
  return [head, "|---|---|---|---|---|---|", ...all.flatMap(growthRow)].join("\n");
}

/** What faults of dependencies came to. */
export function faultTable(faults: readonly FaultOutcome[]): string {
  const rows = faults.map(
    ({ name, times, noticed, reasons }) =>
      `| ${name} | ${times} | ${noticed} | ${[...reasons].toSorted().join(", ")} |`,
  );
  return ["| fault | times | noticed | reasons |", "|---|---|---|---|", ...rows].join("\n");
}

/** Who was unready when, outside of faults and in the spans when packets were lost. */
export function readinessTable(
  all: readonly Asked[],
  { excused, lossy }: { excused: readonly Span[]; lossy: readonly Span[] },
): string {
  const rows = all.map(({ name, kubelet }) => {
    const wrong = outside(kubelet.unready, excused);
    const lost = within(wrong, lossy).length;
    return `| ${name} | ${kubelet.asked} | ${kubelet.unready.length} | ${wrong.length} | ${lost} |`;
  });
  const head =
    "| sidecar | probes | unready | of them outside of faults | of these while packets were lost |";
  return [head, "|---|---|---|---|---|", ...rows].join("\n");
}

/** Pods that missed their sidecar, and why, while all packets arrived and while some were lost. */
export function reviewsTable({
  undisturbed,
  disturbed,
}: Pick<Counts, "undisturbed" | "disturbed">): string {
  const row = (packets: string, reviews: readonly Review[]) =>
    `| ${packets} | ${reviews.length} | ${missedOf(reviews).length} |`;
  return [
    "| packets | pods reviewed | of them missed their sidecar |",
    "|---|---|---|",
    row("all arrived", undisturbed),
    row("1 % lost", disturbed),
    ...missedOf([...undisturbed, ...disturbed])
      .slice(0, MOST_LINES)
      .map(({ missed }) => `  ${missed}`),
  ].join("\n");
}

/** Most lines at a time: one fault says the same many times. */
const MOST_LINES = 10;

/** What a sidecar said outside of faults from `since` on: when, how long after the last one, and why. */
export function falseUnreadyLines(
  { unready }: Kubelet,
  excused: readonly Span[],
  { begun, since }: { begun: number; since: number },
): string[] {
  const seconds = (milliseconds: number) => (milliseconds / 1_000).toFixed(1);
  return outside(unready, excused)
    .filter(({ at }) => at >= since)
    .slice(0, MOST_LINES)
    .map(({ at, why }) => {
      const last = Math.max(begun, ...excused.map(({ to }) => to).filter((to) => to <= at));
      return `  unready at second ${seconds(at - begun)}, ${seconds(at - last)} s after a fault: ${why}`;
    });
}
