// Opens one plain TCP connection and says in one line how that ended, to prove a fault before its effect is judged.
//
//   kubectl exec POD -- node /raw-connect.mjs HOST PORT TIMEOUT_MS
//   -> connected 2        refused 3        timeout 3001        unreachable 12        not-found 40        failed EPIPE 1
//
// The number is milliseconds, name resolution included. The exit status is 0 whatever the answer, so that a failure of
// `kubectl exec` itself cannot be taken for an answer; 2 for wrong arguments.
import { connect } from "node:net";

const [host, port, timeout] = process.argv.slice(2);
const portNumber = Number(port);
const timeoutMilliseconds = Number(timeout);
if (!host || !(portNumber > 0) || !(timeoutMilliseconds > 0)) {
  console.error("usage: raw-connect.mjs HOST PORT TIMEOUT_MS");
  process.exit(2);
}

const ANSWERS = new Map([
  ["ECONNREFUSED", "refused"],
  ["ETIMEDOUT", "timeout"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["ENOTFOUND", "not-found"],
  ["EAI_AGAIN", "not-found"],
]);

const started = performance.now();

function end(answer) {
  console.log(`${answer} ${Math.round(performance.now() - started)}`);
  process.exit(0);
}

// Both families refused come as one AggregateError with an empty message.
function codeOf(error) {
  return error.code ?? error.errors?.[0]?.code ?? "unknown";
}

const socket = connect({ host, port: portNumber });
socket.once("connect", () => end("connected"));
socket.once("error", (error) => end(ANSWERS.get(codeOf(error)) ?? `failed ${codeOf(error)}`));
setTimeout(() => end("timeout"), timeoutMilliseconds);
