/** Finds the name that a mistyped one was probably meant to be. */

/** The nearest of `names`, when no more than a third of the letters (at least one, at most three) must change, or the only one that begins so; else undefined. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const begun = names.filter((name) => typed.length > 1 && name.toLowerCase().startsWith(typed.toLowerCase()));
  if (begun.length === 1) return begun[0];
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(typed.toLowerCase(), name.toLowerCase());
    if (!best || distance < best.distance) best = { name, distance };
  }
  if (!best) return undefined;
  const most = Math.min(3, Math.max(1, Math.floor(Math.max(typed.length, best.name.length) / 3)));
  return best.distance <= most ? best.name : undefined;
}

/** Letters to insert, delete, replace or swap with their neighbour. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
