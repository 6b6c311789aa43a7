/** What goes wrong with the sidecar's dependencies, one fault after the other, each time with another server. */
import { SUPERUSER } from "../../operator/sidecar/checks/postgresql/testing/real-postgresql.ts";
import { type CheckedServer, type CheckedServers, SHORT_TIMES } from "./checked-servers.ts";
import { dropPort } from "./own-network.ts";

/** A fault of one dependency. */
export interface SidecarFault {
  name: string;
  /** Whose; undefined: of none. */
  dependency: string | undefined;
  /** Whether the pod has to leave its Services. */
  unready: boolean;
  /** Begins it; resolves with what ends it. */
  begin(): Promise<() => void | Promise<void>>;
}

/** Enough for the beginning of a greeting or of a handshake. */
const TRUNCATED_BYTES = 20;

const SERVER_FAULTS = {
  stopped: async ({ proxy }) => {
    await proxy.close();
    return () => proxy.open();
  },
  "black hole": async ({ proxy }) => dropPort(proxy.port),
  frozen: async ({ server }) => {
    server.signal("SIGSTOP");
    return () => server.signal("SIGCONT");
  },
  "truncated answers": async ({ proxy }) => {
    proxy.answerBytes = TRUNCATED_BYTES;
    return () => {
      proxy.answerBytes = Number.POSITIVE_INFINITY;
    };
  },
} satisfies Record<string, (server: CheckedServer) => ReturnType<SidecarFault["begin"]>>;

/** The faults of a round, in order; over five rounds each meets every server. */
export function sidecarFaults(servers: CheckedServers, round: number): SidecarFault[] {
  const { all } = servers;
  const ofServers = Object.entries(SERVER_FAULTS).flatMap(([name, begin], index) => {
    const server = all[(round + index) % all.length];
    return server
      ? [{ name, dependency: server.name, unready: true, begin: () => begin(server) }]
      : [];
  });
  const wrongPassword: SidecarFault = {
    name: "wrong password",
    dependency: "database",
    unready: false,
    begin: async () => {
      servers.writeKey("password", "another");
      return () => servers.writeKey("password", SUPERUSER.password);
    },
  };
  const edit: SidecarFault = {
    name: "policy edited",
    dependency: undefined,
    unready: false,
    begin: async () => {
      servers.writePolicy({ timing: { ...SHORT_TIMES.timing, interval: "600ms" } });
      return () => servers.writePolicy(SHORT_TIMES);
    },
  };
  return [...ofServers, wrongPassword, edit];
}
