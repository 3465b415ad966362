/** A plan is replaced as a whole, never edited: everything in it is frozen, its maps too. */

/** Freezes plain objects and arrays all the way down, inside what is frozen already too. Bytes cannot be frozen; templates hold copies of their own. */
export function deepFrozen<T>(value: T, seen: Set<unknown> = new Set()): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || seen.has(value)) return value;
  seen.add(value);
  Object.freeze(value);
  for (const member of Object.values(value)) deepFrozen(member, seen);
  return value;
}

/** A copy whose writers throw, with its values frozen: Object.freeze alone leaves a Map open. */
export function frozenMap<K, V>(entries: Iterable<readonly [K, V]>): ReadonlyMap<K, V> {
  const map = new Map(Array.from(entries, ([key, value]): [K, V] => [key, deepFrozen(value)]));
  const refuse = (): never => {
    throw new TypeError("a compiled plan is frozen: compile a new one");
  };
  // Not enumerable: the map compares equal to any other of the same entries.
  return Object.freeze(Object.defineProperties(map, { set: { value: refuse }, delete: { value: refuse }, clear: { value: refuse } }));
}
