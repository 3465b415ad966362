/** Quantities that cannot be mixed up: each is a number with a unit in its type, made by a function that refuses nonsense. */

declare const unit: unique symbol;
type Branded<Name extends string> = number & { readonly [unit]: Name };

/** A length of time in milliseconds, zero or more, finite. */
export type Milliseconds = Branded<"ms">;
/** Milliseconds of CLOCK_MONOTONIC: comparable between processes of one boot, never between boots. */
export type MonotonicMs = Branded<"monotonic-ms">;
/** Milliseconds since 1970-01-01T00:00Z; for what people read and for dates in files, never for intervals. */
export type WallMs = Branded<"wall-ms">;

/** @throws RangeError when `value` is negative, NaN or infinite. */
export function milliseconds(value: number): Milliseconds {
  return finite(value, "milliseconds") as Milliseconds;
}

/** @throws RangeError when `value` is negative, NaN or infinite. */
export function seconds(value: number): Milliseconds {
  return milliseconds(value * 1000);
}

/** @throws RangeError when `value` is negative, NaN or infinite. */
export function monotonicMs(value: number): MonotonicMs {
  return finite(value, "monotonic milliseconds") as MonotonicMs;
}

/** @throws RangeError when `value` is negative, NaN or infinite. */
export function wallMs(value: number): WallMs {
  return finite(value, "wall-clock milliseconds") as WallMs;
}

/** The moment `span` after `moment`. */
export function after(moment: MonotonicMs, span: Milliseconds): MonotonicMs {
  return monotonicMs(moment + span);
}

/** The time from `from` to `to`; zero when `to` is not later. */
export function between(from: MonotonicMs, to: MonotonicMs): Milliseconds {
  return milliseconds(Math.max(0, to - from));
}

/** The later of two moments. */
export function later(a: MonotonicMs, b: MonotonicMs): MonotonicMs {
  return a > b ? a : b;
}

function finite(value: number, what: string): number {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`${what}: found ${String(value)}, expected a finite number of 0 or more`);
  return value;
}
