/** Figures from rounds: medians and percentiles, and how far the rounds lay apart. */

/** The middle of the sorted values, or the mean of the two in the middle. @throws RangeError without values. */
export function median(values: readonly number[]): number {
  return (percentile(values, 0.5, Math.floor) + percentile(values, 0.5, Math.ceil)) / 2;
}

/** The value that `share` (0 to 1) of the values do not exceed. @throws RangeError without values. */
export function percentile(values: readonly number[], share: number, round: (index: number) => number = Math.ceil): number {
  const value = values.toSorted((a, b) => a - b)[round(share * (values.length - 1))];
  if (value === undefined) throw new RangeError("statistics: no values");
  return value;
}

/** How noisy it was: the distance between the quartiles as a share of the median, `±7 %`. */
export function spreadOf(values: readonly number[]): string {
  const middle = median(values);
  if (middle === 0) return "±0 %";
  const half = (percentile(values, 0.75) - percentile(values, 0.25, Math.floor)) / 2;
  return `±${Math.round((100 * half) / middle)} %`;
}
