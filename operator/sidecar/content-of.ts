/** What tells an edit of a dependency. Pure. */
import type { DependencyConfig } from "../api/policy-file.ts";

/**
 * The dependency as text. Where that changes, its checks and its marks begin anew. The marks keep it over a restart of
 * the sidecar: a version that wrote it otherwise would take every dependency for an edited one.
 */
export function contentOf(dependency: DependencyConfig): string {
  return JSON.stringify(dependency);
}
