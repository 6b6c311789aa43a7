// Attacks an operator's ports from a pod: `node - MODE HOST WEBHOOK_PORT MANAGEMENT_PORT`. Each attack is repeated for
// some seconds. Prints, as JSON, how often each outcome was seen: a status, `closed`, `reset` or `connected`.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

const [mode, host, webhookPort, managementPort] = process.argv.slice(2);
/** Above the 5 s that an answer may wait for its reader. */
const ATTACK_MILLISECONDS = 7_000;
/** An answer comes in time or never. */
const ANSWER_MILLISECONDS = 10_000;
/** From reading on to the end of a connection that the server has ended. */
const CLOSE_MILLISECONDS = 2_000;
/** Just below the largest body. */
const BODY_BYTES = 3 * 1024 * 1024 - 4_096;

const review = (object, uid = "attack") =>
  `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"${uid}",` +
  `"kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","namespace":"e2e-operator-attacked","object":${object}}}`;

/** As many different members or items as fit into a body. */
function fill(part) {
  const parts = [];
  for (let i = 0, bytes = 0; bytes < BODY_BYTES - 1_024; i++) {
    parts.push(part(i.toString(36)));
    bytes += parts[i].length + 1;
  }
  return parts.join(",");
}

const LABELS = '"labels":{"app":"web"}';
const CONTAINERS = '"containers":[{"name":"app","image":"app:1"}]';
const SMALL = review(`{"metadata":{${LABELS}},"spec":{${CONTAINERS}}}`);
const SHAPES = {
  annotations: () =>
    review(
      `{"metadata":{${LABELS},"annotations":{${fill((i) => `"${i}":""`)}}},"spec":{${CONTAINERS}}}`,
    ),
  objects: () =>
    review(
      `{"metadata":{${LABELS}},"spec":{${CONTAINERS},"imagePullSecrets":[${fill(() => "{}")}]}}`,
    ),
  lists: () =>
    review(
      `{"metadata":{${LABELS}},"spec":{${CONTAINERS},"imagePullSecrets":[${fill(() => "[]")}]}}`,
    ),
  members: () =>
    review(`{"metadata":{${LABELS}},"spec":{${CONTAINERS},"x":[${fill((i) => `{"${i}":0}`)}]}}`),
  initContainers: () =>
    review(
      `{"metadata":{${LABELS}},"spec":{${CONTAINERS},"initContainers":[${fill((i) => `{"name":"${i}"}`)}]}}`,
    ),
  nesting: () => "[".repeat(BODY_BYTES),
};

const seen = {};
function count(outcome) {
  seen[outcome] = (seen[outcome] ?? 0) + 1;
}

const post = (body) =>
  `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** An open connection to the webhook, or undefined. */
function open() {
  const { promise, resolve } = Promise.withResolvers();
  const socket = connectTls({ host, port: Number(webhookPort), rejectUnauthorized: false });
  socket.on("error", () => resolve(undefined));
  socket.on("secureConnect", () => resolve(socket));
  return promise;
}

/** Sends one request and counts the status of its answer. */
async function ask(text) {
  const socket = await open();
  if (!socket) return count("reset");
  const { promise, resolve } = Promise.withResolvers();
  socket.setTimeout(ANSWER_MILLISECONDS, () => resolve("timeout"));
  socket.once("data", (data) => resolve(String(data).slice(9, 12)));
  socket.once("close", () => resolve("closed"));
  socket.write(text);
  count(await promise);
  socket.destroy();
}

/**
 * Sends, and reads nothing for as long as the server could wait. Counts the connection as closed when its
 * other side has ended it by then: that is only seen by reading what came before.
 */
async function sendAndWait(socket, text) {
  let ended = false;
  const { promise: closed, resolve } = Promise.withResolvers();
  socket.once("close", () => {
    ended = true;
    resolve();
  });
  socket.pause();
  socket.write(text);
  await sleep(ATTACK_MILLISECONDS);
  socket.resume();
  await Promise.race([closed, sleep(CLOSE_MILLISECONDS)]);
  if (ended) count("closed");
  socket.destroy();
}

async function sendOnly(text) {
  const socket = await open();
  if (socket) await sendAndWait(socket, text);
  else count("reset");
}

const inParallel = (number, work) => Promise.all(Array.from({ length: number }, work));

/** 8 at one time, over and over. */
async function bodies(shape) {
  const text = post(shape());
  const end = Date.now() + ATTACK_MILLISECONDS;
  await inParallel(8, async () => {
    while (Date.now() < end) await ask(text);
  });
}

/** Connections to a port on which nothing is sent. */
async function idle(port) {
  const sockets = Array.from({ length: 9_000 }, () => {
    const socket = connect({ host, port: Number(port) });
    socket.on("error", () => {});
    socket.on("connect", () => count("connected"));
    return socket;
  });
  await sleep(ATTACK_MILLISECONDS);
  for (const socket of sockets) socket.destroy();
}

/**
 * The longest first message that OpenSSL takes, in records of 16 KiB, its last byte kept back. As in
 * server.memory.slow.test.ts: this file runs from standard input and can import nothing of ours.
 */
function longestHello() {
  const hello = Buffer.alloc(128 * 1024 - 1);
  hello.set([1, 1, 255, 252, 3, 3]);
  const records = [];
  for (let at = 0; at < hello.length; at += 16 * 1024) {
    const part = hello.subarray(at, at + 16 * 1024);
    records.push(Buffer.of(22, 3, 1, part.length >> 8, part.length & 255), part);
  }
  return Buffer.concat(records);
}

/** As many connections as there is room for, none of which gets further. */
async function hellos() {
  const hello = longestHello();
  await inParallel(512, async () => {
    const socket = connect({ host, port: Number(webhookPort) });
    socket.on("error", () => {});
    await sendAndWait(socket, hello);
  });
}

/** Requests for metrics ahead on the management port, of which no answer is read. */
async function pipelinedMetrics() {
  const text = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2_000);
  await inParallel(200, async () => {
    const socket = connect({ host, port: Number(managementPort) });
    socket.on("error", () => {});
    await sendAndWait(socket, text);
  });
}

const ATTACKS = {
  ...Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => [name, () => bodies(shape)])),
  unread: () => inParallel(60, () => sendOnly(post(review("{}", "u".repeat(BODY_BYTES))))),
  pipelined: () => inParallel(200, () => sendOnly(post(SMALL).repeat(100))),
  pipelinedMetrics,
  hellos,
  idleWebhook: () => idle(webhookPort),
  idleManagement: () => idle(managementPort),
};

await ATTACKS[mode]();
process.stdout.write(JSON.stringify(seen));
process.exit(0);
