/** Durations as people write and read them: `30s` in files, `3 min 5 s` in reports. */
import { milliseconds, type Milliseconds } from "./units.ts";

const unitMs = { ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const form = /^(\d{1,9})(ms|s|min|m|h|d)$/u;

/** `"800ms"`, `"30s"`, `"5m"`, `"2h"`, `"14d"`; undefined for anything else. There is no bare number: 30 could be seconds or milliseconds. */
export function parseDuration(text: string): Milliseconds | undefined {
  const match = form.exec(text);
  const amount = match?.[1];
  const name = match?.[2] as keyof typeof unitMs | undefined;
  if (amount === undefined || name === undefined) return undefined;
  return milliseconds(Number(amount) * unitMs[name]);
}

/** For people, rounded up to the next second above 10 s: `800 ms`, `5 s`, `3 min 5 s`, `2 h 5 min`, `14 d`. */
export function formatDuration(span: Milliseconds): string {
  if (span < 1000) return `${Math.ceil(span)} ms`;
  if (span < 10_000) return `${Math.ceil(span / 100) / 10} s`;
  const total = Math.ceil(span / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(total / 86_400), "d"],
    [Math.floor(total / 3600) % 24, "h"],
    [Math.floor(total / 60) % 60, "min"],
    [total % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, name]) => `${amount} ${name}`)
    .join(" ");
}
