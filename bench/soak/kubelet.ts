/** Asks a program whether it is ready, as a kubelet does, and keeps the times at which it was not. */
import { get } from "node:http";
import { type Rhythm, repeat } from "./repeat.ts";

/** A question that was not answered 200. */
export interface Unready {
  /** When it was put, in milliseconds of performance.now(). */
  at: number;
  /** What came instead, in one line. */
  why: string;
}

/** The running questions. */
export interface Kubelet {
  asked: number;
  /** Each question that was answered otherwise than by 200, or not at all. */
  unready: Unready[];
  /** What the last one was answered. */
  ready: boolean;
  /** Resolves when the signal has fired. */
  done: Promise<void>;
}

/** `timeoutSeconds` of the injected probe by default. */
const TIMEOUT_MILLISECONDS = 5_000;

/** An answer; of status 0 where none came. */
export interface Answer {
  status: number;
  text: string;
}

/** Asks once, on a connection of its own. */
export function ask(port: number, path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const none = () => resolve({ status: 0, text: "" });
    const options = { agent: false, timeout: TIMEOUT_MILLISECONDS };
    const request = get(`http://127.0.0.1:${port}${path}`, options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.once("error", none);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", none);
  });
}

/** Whom to ask, and how often. */
export interface Probe extends Rhythm {
  port: number;
  /** Told of each change. */
  onTurn?: (ready: boolean) => void;
}

/** Asks until the signal fires. */
export function startKubelet({ port, onTurn, ...rhythm }: Probe): Kubelet {
  const kubelet: Kubelet = { asked: 0, unready: [], ready: true, done: Promise.resolve() };
  function note({ status, text }: Answer, at: number): void {
    const ready = status === 200;
    kubelet.asked += 1;
    if (!ready) kubelet.unready.push({ at, why: text.replaceAll("\n", "; ") || "no answer" });
    if (ready !== kubelet.ready) onTurn?.(ready);
    kubelet.ready = ready;
  }
  kubelet.done = repeat(rhythm, () => ask(port, "/readyz"), note);
  return kubelet;
}
