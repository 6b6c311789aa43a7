/** For tests: the objects that the leader writes, on a fake API server that keeps what is applied. */
import type { ServerResponse } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { type FakeApi, refuse, reply, type Seen, startFakeApi } from "./fake-api-server.ts";
import { fieldsAdded } from "./fields-added.ts";

/** An object as stored; `applied` says who wrote it. */
export interface Stored {
  kind?: string;
  metadata: {
    name?: string;
    uid?: string;
    resourceVersion?: string;
    ownerReferences?: { kind?: string; name?: string; uid?: string }[];
    managedFields?: { manager?: string; operation?: string }[];
  };
  [field: string]: unknown;
}

/** The fake. */
export interface FakeObjects extends FakeApi {
  objects: Map<string, Stored>;
  /** Writes that were stored, dry runs left out. */
  writes(): Seen[];
  /** Answers with this error instead, while it is set; to some requests only where it says to which. */
  failure: { code: number; reason: string; to?: (seen: Seen) => boolean } | undefined;
}

let nextUid = 0;

/**
 * As the API server: an apply adds its owners in the place of those that the manager's last one had, and is
 * remembered. Any other patch replaces the list.
 */
function applied(before: Stored | undefined, { body, query }: Seen, last?: Stored): Stored {
  const { metadata, ...rest } = body as Stored;
  const own = [metadata, last?.metadata].flatMap((one) => one?.ownerReferences ?? []);
  const others = (before?.metadata.ownerReferences ?? []).filter(
    ({ uid }) => !own.some((owner) => owner.uid === uid),
  );
  const ownerReferences = [...others, ...(metadata.ownerReferences ?? [])];
  const manager = query.get("fieldManager") ?? "";
  const managers = (before?.metadata.managedFields ?? []).filter((one) => one.manager !== manager);
  const managedFields = [...managers, { manager, operation: "Apply" }];
  return {
    ...rest,
    metadata: {
      ...metadata,
      managedFields,
      ...(ownerReferences.length > 0 && { ownerReferences }),
    },
  };
}

function stored(path: string, before: Stored | undefined, body: Stored): Stored {
  nextUid += 1;
  const after = {
    ...before,
    ...body,
    metadata: {
      ...before?.metadata,
      ...body.metadata,
      uid: before?.metadata.uid ?? `uid-${nextUid}-of-${path}`,
    },
  };
  // As the API server: what changes nothing keeps its version.
  if (before && isDeepStrictEqual(before, after)) return before;
  return { ...after, metadata: { ...after.metadata, resourceVersion: String(nextUid) } };
}

/** As the API server: a uid or version that is not the stored object's is a conflict, also where there is none. */
function conflictsWith({ metadata: { uid, resourceVersion } }: Stored, before?: Stored): boolean {
  const differs = (wanted?: string, stored?: string) => wanted !== undefined && wanted !== stored;
  return (
    differs(uid, before?.metadata.uid) || differs(resourceVersion, before?.metadata.resourceVersion)
  );
}

/**
 * As the API server: a dry run that names no field answers with the object as it is, but for what its own manager had
 * applied before. Whoever may write the object may write such a manager into it.
 */
function looked(before: Stored, { query }: Seen): Stored {
  const { managedFields = [], ownerReferences: _, ...metadata } = before.metadata;
  const manager = query.get("fieldManager") ?? "";
  const others = managedFields.filter((one) => one.manager !== manager);
  if (others.length === managedFields.length) return before;
  return { ...before, metadata: { ...metadata, managedFields: others } };
}

/** Starts with no objects. */
export async function startFakeObjects(): Promise<FakeObjects> {
  const objects = new Map<string, Stored>();
  const lastApplied = new Map<string, Stored>();

  function merged(before: Stored | undefined, seen: Seen): Stored {
    const wanted = seen.body as Stored;
    const type = seen.headers["content-type"];
    // Its tests hold: the policies whose status it writes are not here.
    if (type === "application/json-patch+json") return fieldsAdded(seen.body) as unknown as Stored;
    if (!type?.startsWith("application/apply-patch")) return wanted;
    const writer = `${seen.path} ${seen.query.get("fieldManager")}`;
    const last = lastApplied.get(writer);
    lastApplied.set(writer, wanted);
    return applied(before, seen, last);
  }

  function patch(seen: Seen, response: ServerResponse): void {
    const { path, query, body } = seen;
    const before = objects.get(path);
    const wanted = body as Stored;
    if (!path.endsWith("/status") && conflictsWith(wanted, before)) {
      refuse(response, 409, "Conflict");
    } else if (query.get("dryRun") === "All") {
      const none = { ...wanted, metadata: { ...wanted.metadata, uid: "none" } };
      reply(response, 200, before ? looked(before, seen) : none);
    } else {
      const after = stored(path, before, merged(before, seen));
      objects.set(path, after);
      reply(response, 200, after);
    }
  }

  const api = await startFakeApi((seen, response) => {
    const { failure } = fake;
    const object = objects.get(seen.path);
    if (failure && (failure.to?.(seen) ?? true)) refuse(response, failure.code, failure.reason);
    else if (seen.method === "PATCH") patch(seen, response);
    else if (object) reply(response, 200, object);
    else refuse(response, 404, "NotFound");
  });

  const fake: FakeObjects = {
    ...api,
    objects,
    failure: undefined,
    writes: () =>
      api.seen.filter(({ method, query }) => method === "PATCH" && query.get("dryRun") === null),
  };
  return fake;
}
