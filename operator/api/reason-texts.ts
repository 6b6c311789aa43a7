/** What each reason means, for the reference page. Apart from reasons.ts, which the sidecar carries into every pod. */
import type { PodReason, Reason } from "./reasons.ts";

/** One sentence for each reason of a dependency. */
export const REASON_TEXTS: Record<Reason, string> = {
  ConnectionRefused: "Nothing listens at the address, or the Service has no endpoints.",
  ConnectTimeout: "No connection came about within `timing.connectTimeout`: packets get lost.",
  HostNotFound: "Name servers know no address of the host, or none that a server can have.",
  ResolverFailed: "Name servers failed, refused, or did not answer.",
  HostUnreachable: "The network has no way to the address.",
  CheckTimeout:
    "The server did not answer within `timing.checkTimeout`, or the last result is too old.",
  ConnectionClosed: "The server closed the connection in the middle of an answer.",
  ProtocolError: "Something answered that does not speak the protocol, or sent too much.",
  ServerStarting: "The server says that it is starting or shutting down.",
  InvalidResponse:
    "The server answered, and not as it should: no row, an error, or another HTTP status.",
  TooFewServers: "Fewer memcached servers answer than `minAvailable` asks for.",
  AuthenticationFailed: "The server refused the login, or asks for one of an unknown kind.",
  TLSFailed:
    "The server offers no TLS, or its certificate is not one that `tls` of the policy accepts.",
  TooManyConnections: "The server has no connection left.",
  CredentialsMissing: "The Secret, or its key, does not exist.",
  Misconfigured: "The policy or the Secret says something that cannot be followed.",
  NeedsRestart: "The policy names a Secret key that this pod does not mount; a new pod does.",
  Unsupported: "The sidecar is older than this type of dependency.",
};

/** One sentence for each reason of a pod as a whole. */
export const POD_REASON_TEXTS: Record<PodReason, string> = {
  Starting:
    "First results, or the policy itself, have not arrived. The pod is unready, for 120 s at most.",
  NoPolicy: "The policy was deleted, or has not come in time. The pod is ready.",
  Unsupported: "The policy file has a format that only a later sidecar reads. The pod is ready.",
  DryRun: "The policy is a dry run. The pod is ready, whatever is down.",
  SharedFault:
    "A dependency is down for more pods than `fleet.maxUnready` lets go. The pod stays ready.",
};
