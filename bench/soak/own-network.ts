/**
 * Faults of the network that the soak has for itself: `make soak` starts it under `unshare --net`, so that no rule of
 * iptables touches the machine's.
 */
import { execFileSync } from "node:child_process";
import { networkInterfaces } from "node:os";

/** Where the operator finds the pods of the fake cluster: it asks no loopback address. */
export const POD_ADDRESS = "10.99.0.1";

/** Undoes a fault. */
export type Undo = () => void;

/** Throws an Error that says how to get the program where it is missing. */
function run(program: "ip" | "iptables", args: string[]): void {
  try {
    execFileSync(program, args);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error(`The soak needs ${program}: on Debian, apt-get install -y iproute2 iptables.`);
  }
}

/** Brings loopback up. Throws where others use the network. */
export function openOwnNetwork(): void {
  // In a new network not even loopback is up.
  if (Object.keys(networkInterfaces()).length > 0) {
    throw new Error(
      "The soak drops packets: start it in a network of its own, as root, by `make soak`.",
    );
  }
  run("ip", ["link", "set", "lo", "up"]);
  run("ip", ["address", "add", `${POD_ADDRESS}/32`, "dev", "lo"]);
}

function addRule(...rule: string[]): Undo {
  run("iptables", ["--wait", "--append", "INPUT", "--protocol", "tcp", ...rule]);
  return () => {
    run("iptables", ["--wait", "--delete", "INPUT", "--protocol", "tcp", ...rule]);
  };
}

/** Whatever is sent to the port vanishes without a word. */
export function dropPort(port: number): Undo {
  return addRule("--dport", String(port), "--jump", "DROP");
}

/** This share of all packets vanishes, in either direction. */
export function losePackets(share: number): Undo {
  const some = ["--match", "statistic", "--mode", "random", "--probability", String(share)];
  return addRule(...some, "--jump", "DROP");
}
