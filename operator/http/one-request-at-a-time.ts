/** One request at a time on each connection, each of them within a time. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What a server calls with each request. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Wraps the listeners of a server. A connection on which a request comes before the last one is answered
 * ends: neither API servers nor kubelets nor Prometheus send ahead, and a client that reads no answer
 * could have any number of them kept in memory. A connection also ends when an answer is not taken
 * within `milliseconds` from its request's head.
 */
export function oneRequestAtATime(milliseconds: number): (listener: Listener) => Listener {
  const last = new WeakMap<Socket, ServerResponse>();
  return (listener) => (request, response) => {
    const { socket } = request;
    const previous = last.get(socket);
    if (previous && !previous.writableFinished) {
      // What arrived with it is still parsed and comes here too, request by request.
      socket.destroy();
      return;
    }
    last.set(socket, response);
    const deadline = setTimeout(() => socket.destroy(), milliseconds);
    response.once("close", () => clearTimeout(deadline));
    listener(request, response);
  };
}
