/** One conversation over a connection of its own. */
import type { Socket } from "node:net";
import { type ConnectContext, connect, type Endpoint } from "./connect.ts";

/**
 * What `converse` makes of a new connection, which ends with it: an open one still answers after its Service has lost
 * the last endpoint. Where it fails, be it in what the server says, the name may lead elsewhere by now, as after a
 * failover whose old server still listens and refuses: the next check asks name servers anew.
 * Rejects with what `connect` or `converse` rejects with.
 */
export async function withConnection<T>(
  endpoint: Endpoint,
  context: ConnectContext,
  converse: (socket: Socket) => Promise<T>,
): Promise<T> {
  const connection = await connect(endpoint, context);
  try {
    const result = await converse(connection.socket);
    connection.succeeded();
    return result;
  } catch (error) {
    connection.failed();
    throw error;
  } finally {
    connection.socket.destroy();
  }
}
