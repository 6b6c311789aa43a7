/**
 * For tests: watches as a process of their own, so that its heap has a limit. Arguments: the server's URL, how many
 * watches, and how many objects each is to read. Ends when they have.
 */
import { pino } from "pino";
import { startWatch } from "../watch.ts";
import { clientOf, until } from "./fake-api-server.ts";

const MIB = 1024 * 1024;
/** What a leader's heap holds beside. */
const IN_USE_MIB = 39;
const PATIENCE_MILLISECONDS = 60_000;

const [, , url = "", ...counts] = process.argv;
const [watches = 0, objects = 0] = counts.map(Number);
const inUse = Array.from({ length: IN_USE_MIB }, () =>
  Array.from({ length: MIB / Float64Array.BYTES_PER_ELEMENT }, () => Math.random()),
);
const client = clientOf(url);
let read = 0;
for (let watch = 0; watch < watches; watch += 1) {
  startWatch<string>({
    client,
    path: `/things-${watch}`,
    kind: "Thing",
    project: ({ metadata }) => {
      read += 1;
      return metadata.name;
    },
    log: pino({ level: "silent" }),
  });
}
await until("all to be read", () => read === watches * objects, PATIENCE_MILLISECONDS);
// Used to the end, so that it is not collected before.
if (inUse.length !== IN_USE_MIB) throw new Error("the heap has lost what was in use");
process.exit(0);
