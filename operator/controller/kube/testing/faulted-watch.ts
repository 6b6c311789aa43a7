/** For tests: our own watch as a client that lives through faults, with its times shortened as theirs are. */
import { pino } from "pino";
import type { KubeClient } from "../kube-client.ts";
import { startWatch } from "../watch.ts";
import type { StartClient } from "./play-faults.ts";
import { type Known, knownOf } from "./watch-ledger.ts";

/** How long an answer may take, and a watch that brings nothing. */
export const PATIENCE_MILLISECONDS = 150;
const FOR_EVER_MILLISECONDS = 600_000;

function impatient(client: KubeClient): KubeClient {
  const deadlineMilliseconds = PATIENCE_MILLISECONDS;
  return {
    request: (options) => client.request({ ...options, deadlineMilliseconds }),
    stream: (options) => client.stream({ ...options, deadlineMilliseconds }),
    apply: client.apply,
    longReads: client.longReads,
  };
}

export const startFaultedWatch: StartClient = ({ client, path }, { relist, onChange }) => {
  const watch = startWatch<Known>({
    client: impatient(client),
    path,
    kind: "Thing",
    project: knownOf,
    onChange,
    log: pino({ level: "silent" }),
    times: {
      firstBackoff: 1,
      maxBackoff: 5,
      silence: PATIENCE_MILLISECONDS,
      watchLength: FOR_EVER_MILLISECONDS,
      relist,
      relistRetry: 10,
    },
  });
  return {
    cache: () => [...watch.values()],
    refresh: () => watch.refresh(),
    stop: () => watch.stop(),
  };
};
