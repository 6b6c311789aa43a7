/** What is found at a path, where there may be nothing. */

/** What `find` gives; undefined where the path leads nowhere. Throws any other error of the system's. */
export function ifThere<Found>(find: () => Found): Found | undefined {
  try {
    return find();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
