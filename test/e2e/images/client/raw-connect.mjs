// Opens a plain TCP connection and says in one line how that ended, to prove a fault before its effect is judged.
//
//   kubectl exec POD -- node /raw-connect.mjs HOST PORT TIMEOUT_MS [WANTED WITHIN_MS]
//   -> connected 1764421200000, or another word: refused, timeout, unreachable, not-found, failed
//
// The number is when it was begun, in milliseconds since the epoch. With WANTED, one of these words, it connects once a second
// until that is the answer, for WITHIN_MS at most, and the line is of the last time: a program that is started for each
// look takes more of a node than what it looks at. The exit status is 0 whatever the answer, so that a failure of
// `kubectl exec` itself cannot be taken for an answer; 2 for wrong arguments.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [host, port, timeout, wanted, within = "0"] = process.argv.slice(2);
const portNumber = Number(port);
const timeoutMilliseconds = Number(timeout);
const withinMilliseconds = Number(within);
if (!host || !(portNumber > 0) || !(timeoutMilliseconds > 0) || !(withinMilliseconds >= 0)) {
  console.error("usage: raw-connect.mjs HOST PORT TIMEOUT_MS [WANTED WITHIN_MS]");
  process.exit(2);
}

/** A node refuses each client about once a second; more would be timeouts. */
const EVERY_MILLISECONDS = 1_000;

const ANSWERS = new Map([
  ["ECONNREFUSED", "refused"],
  ["ETIMEDOUT", "timeout"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["ENOTFOUND", "not-found"],
  ["EAI_AGAIN", "not-found"],
]);

// Both families refused come as one AggregateError with an empty message.
const codeOf = (error) => error.code ?? error.errors?.[0]?.code ?? "unknown";

function connectOnce() {
  const { promise, resolve } = Promise.withResolvers();
  const socket = connect({ host, port: portNumber });
  const timer = setTimeout(() => resolve("timeout"), timeoutMilliseconds);
  socket.once("connect", () => resolve("connected"));
  socket.on("error", (error) => resolve(ANSWERS.get(codeOf(error)) ?? "failed"));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

const first = Date.now();
for (;;) {
  const begun = Date.now();
  const answer = await connectOnce();
  const late = begun - first > withinMilliseconds;
  if (wanted === undefined || answer === wanted || late) {
    console.log(`${answer} ${begun}`);
    process.exit(0);
  }
  await sleep(EVERY_MILLISECONDS);
}
