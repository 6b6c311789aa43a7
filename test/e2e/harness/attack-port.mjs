// Attacks the port of a sidecar: `node - pipelined HOST PORT`, `node - flood HOST PORT` from a pod, or in the pod
// itself, where there are addresses enough, `node - flood-of-ten 127.0.0.1 PORT`.
// Prints how many connections it made and how many of them were answered.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [mode, host, port] = process.argv.slice(2);
const PATHS = ["/livez", "/readyz", "/status", "/metrics"];
const request = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** Resolves with whether anything was answered, once the connection is closed. */
function send(text, localAddress) {
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), localAddress });
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

/** 1,000 requests a second for 10 s, from the addresses in turn. */
async function flood(paths, addresses) {
  const all = [];
  const startedAt = performance.now();
  while (all.length < 10_000) {
    const due = Math.min(10_000, performance.now() - startedAt);
    while (all.length < due) {
      const address = addresses[all.length % addresses.length];
      all.push(send(request(paths[all.length % paths.length]), address));
    }
    await sleep(5);
  }
  return all;
}

const MODES = {
  pipelined,
  flood: () => flood(PATHS, [undefined]),
  "flood-of-ten": () =>
    flood(
      ["/metrics"],
      Array.from({ length: 10 }, (_, index) => `127.0.0.${index + 2}`),
    ),
};
const answers = await Promise.all(await MODES[mode]());
process.stdout.write(`${answers.length} ${answers.filter(Boolean).length}\n`);
