/** Acts on the cluster as somebody else, so that the API server answers with that account's rights. */
import { type Answer, run } from "./kubectl.ts";

/** Where an account acts, and with what on kubectl's standard input. */
export interface Act {
  namespace: string;
  /** Sent as JSON. */
  object?: object;
}

/** Runs `kubectl ...parameters` in a namespace as `user`; resolves whatever the answer is. */
export function actAs(user: string, parameters: readonly string[], act: Act): Promise<Answer> {
  return run(
    "kubectl",
    [...parameters, ...(act.object ? ["-f", "-"] : []), "-n", act.namespace, `--as=${user}`],
    act.object ? { input: JSON.stringify(act.object) } : {},
  );
}

/** One rule of a Role. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** A Role of this name in `namespace` and its binding to `user`, as one list to apply. */
export function rights(namespace: string, name: string, grant: { user: string; rules: Rule[] }) {
  const metadata = { name, namespace };
  return {
    apiVersion: "v1",
    kind: "List",
    items: [
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata, rules: grant.rules },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: grant.user }],
      },
    ],
  };
}
