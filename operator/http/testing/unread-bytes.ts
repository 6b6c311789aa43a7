/** Test fixture: what the kernel still keeps of answers, also of connections that no program has open any more. */
import { readFileSync } from "node:fs";

/** The bytes that were sent from `port` of this machine and have not arrived, of all its connections. */
export function unreadBytes(port: number): number {
  const rows = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) =>
    readFileSync(path, "utf8").trim().split("\n").slice(1),
  );
  let bytes = 0;
  for (const row of rows) {
    const [, local = "", , , queues = ""] = row.trim().split(/\s+/);
    if (parseInt(local.split(":")[1] ?? "", 16) === port) bytes += parseInt(queues, 16);
  }
  return bytes;
}
