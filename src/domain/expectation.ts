/** What a liveness register must hold, and whether what it held fits: pure; what was read before and the time come with each question. */
import { formatDuration } from "./duration.ts";
import { between, type Milliseconds, type MonotonicMs } from "./units.ts";

/** `big`: the register at the lower address holds the high word. Devices differ, so it is always stated. */
export type WordOrder = "big" | "little";
/** What the bits of one value mean. A coil is a bit; a register alone is 16 bits wide, two of them 32. */
export type ValueType =
  | { readonly type: "bit" | "uint16" | "int16" }
  | { readonly type: "uint32" | "int32" | "float32"; readonly wordOrder: WordOrder };

export type Expectation =
  | { readonly kind: "equals"; readonly value: number }
  | { readonly kind: "in-set"; readonly values: readonly number[] }
  /** Both ends belong to it. */
  | { readonly kind: "in-range"; readonly from: number; readonly to: number }
  | { readonly kind: "changes"; readonly within: Milliseconds }
  /** Counts upwards, 0 following `wrapsAfter`; a step of more than half the circle is one backwards. */
  | { readonly kind: "counter-advances"; readonly within: Milliseconds; readonly wrapsAfter: number };

/** What a check expects, and the name under which people know the register. */
export interface ExpectedValue {
  readonly register: string;
  readonly expectation: Expectation;
}

/** What is remembered of a register between two askings. */
export interface Reading {
  readonly value: number;
  /** When it was last seen to be another than before; at first, when it was first read. */
  readonly movedAt: MonotonicMs;
}

/** `flaw` is one line for a person: `register level-alive: found 7, expected 1 to 5`. */
export interface Weighed {
  readonly reading: Reading;
  readonly flaw?: string;
}

/**
 * The first reading of a value that must move meets the expectation: nothing is known against it yet.
 * Worked example, changes within 5 min, asked every 60 s: 41 at 0 s, 41 at 60 s … 41 at 300 s are alive, 41 at 360 s is not, 42 is again.
 */
export function weighed({ register, expectation }: ExpectedValue, before: Reading | undefined, value: number, at: MonotonicMs): Weighed {
  const moved = before === undefined || !Object.is(before.value, value);
  const reading: Reading = { value, movedAt: moved ? at : before.movedAt };
  const found = flawOf(expectation, before, reading, at);
  return found === undefined ? { reading } : { reading, flaw: unmet({ register, expectation }, found) };
}

/** One line for a person. @param found what was found instead */
export function unmet({ register, expectation }: ExpectedValue, found: string): string {
  return `register ${register}: found ${found}, expected ${expectationWords(expectation)}`;
}

/** `1 to 5`, `another value within 5 min`: what stands behind "expected". */
export function expectationWords(expectation: Expectation): string {
  switch (expectation.kind) {
    case "equals":
      return String(expectation.value);
    case "in-set":
      return expectation.values.join(" or ");
    case "in-range":
      return `${expectation.from} to ${expectation.to}`;
    case "changes":
      return `another value within ${formatDuration(expectation.within)}`;
    case "counter-advances":
      return `a counter that advances within ${formatDuration(expectation.within)} and wraps after ${expectation.wrapsAfter}`;
  }
}

/** What was found instead of what is expected; undefined when it fits. */
function flawOf(expectation: Expectation, before: Reading | undefined, { value, movedAt }: Reading, at: MonotonicMs): string | undefined {
  const held = `${value} for ${formatDuration(between(movedAt, at))}`;
  switch (expectation.kind) {
    case "equals":
      return value === expectation.value ? undefined : String(value);
    case "in-set":
      return expectation.values.includes(value) ? undefined : String(value);
    case "in-range":
      return value >= expectation.from && value <= expectation.to ? undefined : String(value);
    case "changes":
      return between(movedAt, at) > expectation.within ? held : undefined;
    case "counter-advances": {
      const circle = expectation.wrapsAfter + 1;
      if (value >= circle) return String(value);
      const step = before === undefined ? 0 : (value - before.value + circle) % circle;
      if (before !== undefined && step > circle / 2) return `${value} after ${before.value}`;
      return between(movedAt, at) > expectation.within ? held : undefined;
    }
  }
}
