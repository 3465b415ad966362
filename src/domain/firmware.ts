/** Versions of firmware, compared as makers count them. */

/** Part by part as numbers: 2.80 comes after 2.9, and 1.11 after 1.9. A leading V counts for nothing; anything else is no version, and is not at least anything. */
export function firmwareAtLeast(stated: string, wanted: string): boolean {
  const read = versionIn(stated);
  if (read === undefined) return false;
  const [have, want] = [read, wanted].map((version) => version.split(".").map(Number)) as [number[], number[]];
  const places = Array.from({ length: Math.max(have.length, want.length) }, (_, index) => (have[index] ?? 0) - (want[index] ?? 0));
  return (places.find((difference) => difference !== 0) ?? 0) >= 0;
}

/** Whether it can be compared at all. */
export function isVersion(stated: string): boolean {
  return versionIn(stated) !== undefined;
}

function versionIn(stated: string): string | undefined {
  return /^v?(\d+(?:\.\d+)*)$/iu.exec(stated.trim())?.[1];
}
