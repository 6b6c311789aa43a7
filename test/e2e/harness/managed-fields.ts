/** Reads metadata.managedFields: which field is written by whom. */

interface FieldsV1 {
  [path: string]: FieldsV1;
}

/** An object with its managed fields, as `kubectl get --show-managed-fields` gives it. */
export interface ManagedObject {
  kind: string;
  metadata: {
    name: string;
    managedFields?: { manager: string; subresource?: string; fieldsV1: FieldsV1 }[];
  };
}

/** Paths of the fields that hold values; `.` only says that the parent exists. */
function leaves(fields: FieldsV1, path = ""): string[] {
  return Object.entries(fields).flatMap(([name, inner]) => {
    if (name === ".") return [];
    const here = `${path}/${name}`;
    return Object.keys(inner).length === 0 ? [here] : leaves(inner, here);
  });
}

/** One line for each field of the object that two managers write: a field over which they would fight. */
export function sharedFields(object: ManagedObject): string[] {
  const owners = new Map<string, Set<string>>();
  for (const { manager, fieldsV1 } of object.metadata.managedFields ?? []) {
    for (const leaf of leaves(fieldsV1)) {
      owners.set(leaf, (owners.get(leaf) ?? new Set()).add(manager));
    }
  }
  return [...owners]
    .filter(([, managers]) => managers.size > 1)
    .map(([leaf, managers]) => `${object.kind}/${object.metadata.name} ${leaf}: ${[...managers]}`);
}
