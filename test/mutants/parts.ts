/** A run of Stryker. */
interface Part {
  /** The files whose mutants are made. */
  mutate: string[];
  /** The tests that are run for them. */
  tests: string[];
  /** All tests of the part together take seconds: constants, whose mutants need all of them, are left out. */
  slow: boolean;
}

const NETWORK = "operator/sidecar/checks/network";
const TLS = "operator/sidecar/checks/tls";
const REDIS = "operator/sidecar/checks/redis";
const HTTP = "operator/sidecar/checks/http";
const MEMCACHED = "operator/sidecar/checks/memcached";
const MYSQL = "operator/sidecar/checks/mysql";
const POSTGRESQL = "operator/sidecar/checks/postgresql";

/**
 * What `make mutants` changes: the files that decide, in parts small enough that each mutant runs few test files, the
 * ones beside it. Servers, clients and wiring are held by the end-to-end tests.
 */
export const parts: Record<string, Part> = {
  api: {
    mutate: files(
      "operator/api",
      "circular-dependency",
      "effective-policy",
      "name-patterns",
      "reasons",
      "secret-access",
      "select-policy",
      "timing",
      "wire-text",
    ),
    tests: [
      tests(
        "operator/api",
        "{circular-dependency,effective-policy,name-patterns,reasons,secret-access,select-policy,timing,wire-text}",
      ),
    ],
    slow: false,
  },
  cel: {
    mutate: [
      ...files("operator/api", "cel", "cel-selector", "cel-timing"),
      "operator/api/slots/*.ts",
    ],
    tests: [tests("operator/api", "{cel-timing,crd,effective-policy}")],
    slow: false,
  },
  standards: {
    mutate: ["operator/api/standards/*.ts", "!operator/api/standards/*.test.ts"],
    tests: [tests("operator/api/standards", "*")],
    slow: false,
  },
  inject: {
    mutate: ["operator/inject/*.ts", "!operator/inject/*.test.ts"],
    // The random pods would be made for hundreds of mutants; the fixed cases hold the same rules.
    tests: [tests("operator/inject", "!(inject.property.slow|pod-resources.property.slow)")],
    slow: false,
  },
  webhook: {
    mutate: files(
      "operator/webhook",
      "admit",
      "answer-proof",
      "bytes-in-flight",
      "decide-admission",
      "fields",
      "patch",
      "review",
      "structure",
      "take-turns",
    ),
    tests: [
      tests(
        "operator/webhook",
        "{admit{,.nesting,.refused},answer-proof,bytes-in-flight,decide-admission,patch,structure,take-turns}",
      ),
    ],
    slow: true,
  },
  queue: {
    mutate: files(
      "operator/controller/kube",
      "backoff",
      "queue",
      "repeated-errors",
      "token-bucket",
    ),
    tests: [tests("operator/controller/kube", "{backoff,queue,repeated-errors,token-bucket}")],
    slow: true,
  },
  policy: {
    mutate: [
      ...files("operator/controller", "work-after-change"),
      ...files(
        "operator/controller/policy",
        "circular-news",
        "circular-pods",
        "configmap",
        "configmap-refusals",
        "fleet-peers",
        "new-pods",
        "pod-counts",
        "pod-facts",
        "policy-cache",
        "policy-plan",
        "pods-not-current",
        "read-status",
        "ready-replicas",
        "status",
        "status-pace",
        "why-namespace-excluded",
      ),
      ...files(
        "operator/controller/pods",
        "pod-index",
        "pod-record",
        "restart-target",
        "stable-sample",
      ),
    ],
    tests: [
      tests("operator/controller", "work-after-change"),
      tests(
        "operator/controller/policy",
        "{circular-{news,pods},configmap{,-refusals},fleet-peers,new-pods,pod-{counts,facts},policy-{cache,plan}}",
      ),
      tests(
        "operator/controller/policy",
        "{read-status,ready-replicas,status{,.*,-pace},why-namespace-excluded}",
      ),
      tests("operator/controller/pods", "{pod-index,pod-record,restart-target,stable-sample}"),
    ],
    slow: false,
  },
  events: {
    mutate: [
      ...files(
        "operator/controller/events",
        "declared-dependencies",
        "dependency-transitions",
        "event-lines",
        "event-object",
        "event-recorder",
        "pace",
        "pod-transitions",
        "tell-injections",
        "tell-transitions",
        "together",
        "transition-texts",
      ),
      ...files("operator/bounds", "forget-oldest"),
      ...files("operator/controller/pods", "controller-of-pod"),
      ...files("operator/controller/policy", "status-reason"),
    ],
    tests: [
      tests("operator/bounds", "forget-oldest"),
      tests("operator/controller/events", "*"),
      tests("operator/controller/pods", "controller-of-pod"),
      tests("operator/controller/policy", "status-reason"),
    ],
    slow: false,
  },
  certificate: {
    mutate: files("operator/controller/certificate", "certificate-plan", "why-unsound"),
    tests: [tests("operator/controller/certificate")],
    slow: true,
  },
  configuration: {
    mutate: files(
      "operator/controller/webhook-configuration",
      "webhook-configuration",
      "webhook-proof",
    ),
    tests: [
      tests("operator/controller/webhook-configuration", "{webhook-configuration,webhook-proof}"),
    ],
    slow: false,
  },
  verdict: {
    mutate: [
      ...files("operator/sidecar", "check-counts", "verdict"),
      ...files("operator/sidecar/policy-file", "parse-fields", "parse-policy-file", "parse-slots"),
      ...files("operator/sidecar/probe-server", "answers", "metrics", "request-head"),
    ],
    tests: [
      tests("operator/sidecar", "verdict{,.*}"),
      tests("operator/sidecar/policy-file", "{parse-policy-file{,.timing},parse-slots}"),
      tests("operator/sidecar/probe-server", "{answers,metrics,request-head}"),
    ],
    slow: false,
  },
  readiness: {
    mutate: files(
      "operator/sidecar",
      "first-results",
      "log-transitions",
      "marks-after-edit",
      "readiness",
      "settled-mark-of",
      "settled-marks",
    ),
    tests: [
      tests(
        "operator/sidecar",
        "{first-results,log-transitions,marks-after-edit,readiness{,.*},settled-marks}",
      ),
    ],
    slow: false,
  },
  fleet: {
    mutate: files(
      "operator/sidecar/fleet",
      "fleet-cases",
      "fleet-share",
      "follow-peers",
      "peer-answer",
      "pick-peers",
    ),
    tests: [
      tests(
        "operator/sidecar/fleet",
        "{fleet-cases,fleet-share,follow-peers{,.*},peer-answer,pick-peers}",
      ),
      tests("operator/sidecar", "readiness.fleet"),
    ],
    slow: false,
  },
  paces: {
    mutate: files("operator/sidecar", "farthest-moment", "paced-interval", "watch-cpu"),
    tests: [tests("operator/sidecar", "{farthest-moment,paced-interval,watch-cpu}")],
    slow: false,
  },
  marks: {
    mutate: files("operator/sidecar", "marks"),
    tests: [tests("operator/sidecar", "marks")],
    slow: false,
  },
  loops: {
    mutate: files("operator/sidecar", "run-checks", "start-check"),
    tests: [tests("operator/sidecar", "{run-checks{,.*},start-check}")],
    slow: false,
  },
  checks: {
    mutate: [
      ...files(
        "operator/sidecar/checks",
        "abort",
        "address-order",
        "line-breaks",
        "problem-of-error",
        "reason-of-error",
        "url-parts",
      ),
      ...files("operator/addresses", "pod-address", "refused-addresses"),
      ...files(NETWORK, "read-until", "resolv-conf"),
      ...files(MEMCACHED, "memcached-stats"),
      ...files(HTTP, "http-body", "http-head", "http-request"),
      ...files(
        REDIS,
        "connection-string",
        "connection-string-parameters",
        "redis-protocol",
        "redis-target",
      ),
      ...files(
        POSTGRESQL,
        "connection-string",
        "connection-string-parameters",
        "postgresql-frames",
        "scram",
        "scram-key-memory",
      ),
    ],
    tests: [
      tests(
        "operator/sidecar/checks",
        "{abort,address-order,line-breaks,problem-of-error,reason-of-error,url-parts}",
      ),
      tests("operator/addresses", "*"),
      tests(NETWORK, "{read-until,resolv-conf}"),
      tests(MEMCACHED, "memcached-stats"),
      tests(HTTP, "http-{body,head,request}"),
      tests(REDIS, "{connection-string,redis-protocol,redis-target}"),
      tests(POSTGRESQL, "{connection-string,postgresql-frames,scram,scram-key-memory}"),
    ],
    slow: true,
  },
  network: {
    mutate: files(
      NETWORK,
      "ask-both-families",
      "ask-name-servers",
      "connect",
      "dns-message",
      "name-memory",
      "resolve",
      "send-query",
      "waits",
    ),
    tests: [
      tests(
        NETWORK,
        "{ask-both-families,ask-name-servers,connect,dns-message,name-memory,resolve{,.*},send-query,waits}",
      ),
    ],
    slow: true,
  },
  tls: {
    // Without start-tls, whose tests measure CPU time.
    mutate: files(TLS, "allowed-certificates", "authorities", "pem-bundle", "secure", "tls-target"),
    tests: [tests(TLS, "{authorities,pem-bundle,secure.*,tls-target}")],
    slow: true,
  },
  memcached: {
    mutate: files(MEMCACHED, "memcached"),
    tests: [tests(MEMCACHED, "memcached")],
    slow: true,
  },
  mysql: {
    mutate: files(
      MYSQL,
      "connection-string",
      "connection-string-parameters",
      "mysql-greeting",
      "mysql-login",
      "mysql-messages",
      "mysql-packets",
      "mysql-password",
      "mysql-reasons",
      "mysql-session",
    ),
    tests: [
      tests(
        MYSQL,
        "{connection-string,mysql-{greeting,login,messages,packets,password,reasons,session}}",
      ),
    ],
    slow: true,
  },
  postgresql: {
    mutate: files(
      POSTGRESQL,
      "postgresql",
      "postgresql-conversation",
      "postgresql-login",
      "postgresql-messages",
      "postgresql-session",
      "postgresql-target",
      "ssl-request",
    ),
    // Without those against real servers, which are started anew for each mutant.
    tests: [tests(POSTGRESQL, "postgresql{,-conversation,-login,-messages,-session,-target}")],
    slow: true,
  },
};

function files(folder: string, ...names: string[]): string[] {
  return names.map((name) => `${folder}/${name}.ts`);
}

function tests(folder: string, name = "*"): string {
  return `${folder}/${name}.test.ts`;
}
