/**
 * Work that waits for one of several places: each place takes the next item when it is free, the first time when it
 * opens. Resolves with the results in the items' order, undefined for what no place was left to take.
 *
 * @param places each resolves when it opens, with undefined where it stays closed. None may reject.
 */
export async function runQueue<Place, Item, Result>(
  places: readonly Promise<Place | undefined>[],
  items: readonly Item[],
  work: (item: Item, place: Place) => Promise<Result>,
): Promise<(Result | undefined)[]> {
  const results: (Result | undefined)[] = items.map(() => undefined);
  const waiting = items.entries();
  const serve = async (opening: Promise<Place | undefined>) => {
    const place = await opening;
    if (place === undefined) return;
    // Shared by all places, so that each item is taken once.
    for (const [index, item] of waiting) results[index] = await work(item, place);
  };
  await Promise.all(places.map(serve));
  return results;
}
