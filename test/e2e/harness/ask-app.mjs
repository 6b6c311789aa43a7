// Asks one address again and again at a steady pace, as visitors do who do not wait for each other, and counts how it
// was answered. Runs in the plain pod:
//
//   kubectl exec -i POD -- node --input-type=module - URL PER_SECOND SECONDS PATIENCE_MS < ask-app.mjs
//   -> {"200":38,"500":2,"refused":0,"timeout":0,"slowest":41}
//
// A status counts under its number; a visitor who has waited PATIENCE_MS goes away and counts as timeout.
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const [url, perSecond, seconds, patience] = process.argv.slice(2);
const total = Number(perSecond) * Number(seconds);
const counts = { 200: 0, 500: 0, refused: 0, timeout: 0, slowest: 0 };

function count(outcome, started) {
  counts[outcome] = (counts[outcome] ?? 0) + 1;
  counts.slowest = Math.max(counts.slowest, Math.round(performance.now() - started));
}

function failure(error) {
  if (error.name === "AbortError") return "timeout";
  return error.code === "ECONNREFUSED" ? "refused" : String(error.code);
}

/** One visit on a connection of its own. */
function visit() {
  const started = performance.now();
  const { promise, resolve } = Promise.withResolvers();
  const end = (outcome) => {
    count(outcome, started);
    resolve();
  };
  const signal = AbortSignal.timeout(Number(patience));
  const request = get(url, { agent: false, signal }, (answer) => {
    answer.resume();
    answer.on("end", () => end(answer.statusCode));
    answer.on("error", (error) => end(failure(error)));
  });
  request.on("error", (error) => end(failure(error)));
  return promise;
}

const visits = [];
const started = performance.now();
for (let number = 0; number < total; number += 1) {
  const due = started + (number * 1_000) / Number(perSecond);
  await sleep(Math.max(0, due - performance.now()));
  visits.push(visit());
}
await Promise.all(visits);
console.log(JSON.stringify(counts));
