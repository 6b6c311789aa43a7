/** What the webhook's Service presents, looked at as an API server looks at it. */
import { connect } from "node:tls";

/** API servers give up on a webhook after 3 s by default; connecting alone takes less. */
const CONNECT_MILLISECONDS = 5_000;

/** Where the webhook is, and whom to trust. */
export interface Presenter {
  host: string;
  port: number;
  /** Name that the certificate has to be for. */
  dnsName: string;
  /** PEM. */
  authorities: string;
}

/** When the presented certificate ends. Rejects, saying why, where it is not trusted or nobody answers. */
export function certificateEnds({ host, port, dnsName, authorities }: Presenter): Promise<Date> {
  const { promise, resolve, reject } = Promise.withResolvers<Date>();
  const socket = connect({ host, port, servername: dnsName, ca: authorities });
  const where = `${host}:${port}`;
  socket.setTimeout(CONNECT_MILLISECONDS, () => socket.destroy(new Error("no answer")));
  socket.once("secureConnect", () => {
    resolve(new Date(socket.getPeerCertificate().valid_to));
    socket.destroy();
  });
  socket.once("error", ({ message }) => {
    reject(new Error(`No trusted certificate is presented at ${where}: ${message}.`));
  });
  return promise;
}
