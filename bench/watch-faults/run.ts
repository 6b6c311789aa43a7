/**
 * Plays forced faults to our watch and to the client library's informer, the same plans to both, and prints what each
 * made of them. `--faults 10000 --seed 1 --client both`, or `ours`, or `informer`. Exits with 1 when ours missed an
 * event, told one wrongly or ended unequal.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { startFaultedWatch } from "../../operator/controller/kube/testing/faulted-watch.ts";
import {
  type Outcome,
  playFaults,
  type StartClient,
} from "../../operator/controller/kube/testing/play-faults.ts";
import { type FaultPlan, faultPlan } from "../../operator/controller/kube/testing/watch-faults.ts";
import { startInformer } from "./informer.ts";

const { values } = parseArgs({
  options: {
    faults: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    client: { type: "string", default: "both" },
  },
});
/** The watch of a pod that runs for weeks lives through as many. */
const FAULTS_PER_PLAN = 200;
const PROGRESS_MILLISECONDS = 30_000;

/** Plans of together so many faults. */
function plansOf(faults: number, seed: number): FaultPlan[] {
  const plans: FaultPlan[] = [];
  let left = faults;
  for (const plan of fc.sample(faultPlan(FAULTS_PER_PLAN), { seed, numRuns: faults })) {
    if (left <= 0) break;
    plans.push({ ...plan, steps: plan.steps.slice(0, left) });
    left -= plan.steps.length;
  }
  return plans;
}

/** What a client made of all plans together. */
interface Total {
  client: string;
  plans: number;
  faults: number;
  happened: number;
  told: number;
  replaced: number;
  missed: number;
  left: number;
  wrong: number;
  reads: number;
  plansEndedUnequal: number;
  plansGivenUp: number;
}

function add(total: Total, { wrong, equal, stuck, ...outcome }: Outcome): Total {
  return {
    client: total.client,
    plans: total.plans + 1,
    faults: total.faults + outcome.faults,
    happened: total.happened + outcome.happened,
    told: total.told + outcome.told,
    replaced: total.replaced + outcome.replaced,
    missed: total.missed + outcome.missed,
    left: total.left + outcome.left,
    wrong: total.wrong + wrong.length,
    reads: total.reads + outcome.reads,
    plansEndedUnequal: total.plansEndedUnequal + (equal ? 0 : 1),
    plansGivenUp: total.plansGivenUp + (stuck === undefined ? 0 : 1),
  };
}

async function playAll(client: string, start: StartClient, plans: FaultPlan[]): Promise<Total> {
  let total: Total = {
    ...{ client, plans: 0, faults: 0, happened: 0, told: 0, replaced: 0, missed: 0, left: 0 },
    ...{ wrong: 0, reads: 0, plansEndedUnequal: 0, plansGivenUp: 0 },
  };
  let nextProgress = performance.now() + PROGRESS_MILLISECONDS;
  for (const plan of plans) {
    total = add(total, await playFaults(start, plan));
    if (performance.now() < nextProgress) continue;
    nextProgress += PROGRESS_MILLISECONDS;
    console.error(`${client}: ${total.faults} faults so far, ${total.missed} events missed`);
  }
  console.log(JSON.stringify({ ...total, unhandledRejections: rejections }));
  return total;
}

/** Of the informer's own code; each of them would end its process. */
let rejections = 0;
process.on("unhandledRejection", () => {
  rejections += 1;
});

const plans = plansOf(Number(values.faults), Number(values.seed));
let failed = 0;
if (values.client !== "informer") {
  const ours = await playAll("our watch", startFaultedWatch, plans);
  failed = ours.missed + ours.left + ours.wrong + ours.plansEndedUnequal + ours.plansGivenUp;
  failed += rejections;
}
if (values.client !== "ours") await playAll("client-node's informer", startInformer, plans);
process.exit(failed === 0 ? 0 : 1);
