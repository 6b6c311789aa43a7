/** Creates pods by `createPod`, one after the other, while `during` goes on; gives what it told of each. */
export async function podsDuring<T>(
  createPod: () => Promise<T>,
  during: () => Promise<void>,
): Promise<T[]> {
  const pods: T[] = [];
  let over = false;
  const creating = (async () => {
    while (!over) pods.push(await createPod());
  })();
  try {
    await during();
  } finally {
    over = true;
    await creating;
  }
  return pods;
}
