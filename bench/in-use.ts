/** What this process has in use: memory, and processor time of this thread. */

/** Bytes in use after everything that can be collected is: the smallest of several looks. */
export async function memory(): Promise<number> {
  if (!globalThis.gc) throw new Error("bench: start node with --expose-gc");
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 4; look++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/** Microseconds of processor time. */
export function threadUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
