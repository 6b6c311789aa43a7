/** An object as the API server sends it. */

/** What every object has, as far as it matters here. */
export interface KubeObject {
  metadata: {
    name: string;
    namespace?: string;
    resourceVersion?: string;
    annotations?: Record<string, string>;
  };
}

/** Where an object is: its name, and its namespace where it has one. */
export interface ObjectName {
  namespace?: string;
  name: string;
}

/**
 * `namespace/name`, or the name alone of an object without a namespace: by this all caches, counts and
 * work items know an object.
 */
export function keyOf({ namespace, name }: ObjectName): string {
  return namespace ? `${namespace}/${name}` : name;
}
