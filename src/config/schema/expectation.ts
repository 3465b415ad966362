/** How a liveness register is read as a value, and what that value must be: the keys `type`, `wordOrder` and `expect` of a register. */
import { z } from "zod";
import { expectationWords, type Expectation, type ValueType } from "../../domain/expectation.ts";
import type { Milliseconds } from "../../domain/units.ts";
import { duration, oneOf } from "./common.ts";

const valueTypes = ["bit", "uint8", "uint16", "int16", "uint32", "int32", "float32"] as const;
type TypeName = (typeof valueTypes)[number];
const wordOrders = ["big", "little"] as const;

/** As it stands in the file: exactly one of them (checked). */
interface RawExpectation {
  readonly equals?: number;
  readonly inSet?: readonly number[];
  readonly inRange?: { readonly from: number; readonly to: number };
  readonly changesWithin?: Milliseconds;
  readonly counterAdvances?: { readonly within: Milliseconds; readonly wrapsAfter?: number };
}

export interface RawValue {
  readonly type?: TypeName;
  readonly wordOrder?: (typeof wordOrders)[number];
  readonly expect?: RawExpectation;
}

const number = (description: string): z.ZodType<number, number> => z.number({ error: "a number" }).meta({ description });

const expectation: z.ZodType<RawExpectation> = z
  .strictObject({
    equals: number("This value and no other.").exactOptional(),
    inSet: z
      .array(number("A value."), { error: "a list of numbers" })
      .min(1, { error: "at least one number" })
      .exactOptional()
      .meta({ description: "One of these values." }),
    inRange: z
      .strictObject({ from: number("The least."), to: number("The most.") })
      .exactOptional()
      .meta({ description: "A value between two, both included." }),
    changesWithin: duration("Another value at the latest after so long; at least the interval of the check.").exactOptional(),
    counterAdvances: z
      .strictObject({
        within: duration("A higher value at the latest after so long; at least the interval of the check."),
        wrapsAfter: number("The value that 0 follows; the largest of the type where it is left out.").exactOptional(),
      })
      .exactOptional()
      .meta({ description: "A counter that only counts upwards, and begins again at 0." }),
  })
  .meta({
    description:
      "What must stand in it: one of equals, inSet, inRange, changesWithin and counterAdvances. Otherwise the device is degraded.",
  });

export const valueKeys: {
  readonly type: z.ZodExactOptional<z.ZodType<TypeName, TypeName>>;
  readonly wordOrder: z.ZodExactOptional<z.ZodType<"big" | "little", "big" | "little">>;
  readonly expect: z.ZodExactOptional<z.ZodType<RawExpectation>>;
} = {
  type: oneOf(
    valueTypes,
    "How it is read as one value. Types of 32 bits take two registers and need wordOrder; uint8 is for bytes of S7 alone.",
  ).exactOptional(),
  wordOrder: oneOf(
    wordOrders,
    "big: the lower address holds the high word; little: the low word. Devices differ, so nothing is assumed.",
  ).exactOptional(),
  expect: expectation.exactOptional(),
};

/** The registers that one value of the type takes. */
export function registersOf(type: TypeName | undefined): 1 | 2 {
  return type !== undefined && isWide(type) ? 2 : 1;
}

/** What is wrong, and under which key. */
export interface ValueFlaw {
  readonly key: "type" | "wordOrder" | "count" | "expect";
  readonly expected: string;
}

/** In its normal form, or the first thing that is wrong. @param bits whether the space holds bits */
export function valueOf(
  { type, wordOrder, expect }: RawValue,
  bits: boolean,
  count: number,
): { readonly value?: ValueType; readonly expectation?: Expectation } | ValueFlaw {
  // A coil can be read as nothing else.
  const name = type ?? (bits && expect !== undefined ? "bit" : undefined);
  if (name === undefined) {
    if (wordOrder !== undefined) return { key: "wordOrder", expected: "no wordOrder without a type" };
    return expect === undefined ? {} : { key: "expect", expected: `type beside it: one of ${valueTypes.slice(2).join(", ")}` };
  }
  if ((name === "bit") !== bits || name === "uint8")
    return { key: "type", expected: bits ? "bit: coils and discrete inputs hold bits" : "a type of 16 or 32 bits" };
  const value = typed(name, wordOrder);
  if ("key" in value) return value;
  if (count !== registersOf(name)) return { key: "count", expected: `${registersOf(name)} for one ${name}, or no count` };
  if (expect === undefined) return { value };
  const expectation = expectationOf(expect, name);
  return "key" in expectation ? expectation : { value, expectation };
}

function typed(type: Exclude<TypeName, "uint8">, wordOrder: "big" | "little" | undefined): ValueType | ValueFlaw {
  if (isWide(type)) {
    const expected = `big or little beside ${type}: which of the two registers holds the high word`;
    return wordOrder === undefined ? { key: "wordOrder", expected } : { type, wordOrder };
  }
  return wordOrder === undefined ? { type } : { key: "wordOrder", expected: `no wordOrder beside ${type}, which is one register` };
}

function isWide(type: TypeName): type is "uint32" | "int32" | "float32" {
  return type === "uint32" || type === "int32" || type === "float32";
}

/** The least and the most that a type can hold; undefined for a float, which holds nearly anything. */
const ranges: Readonly<Record<TypeName, readonly [number, number] | undefined>> = {
  bit: [0, 1],
  uint8: [0, 255],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
  uint32: [0, 4_294_967_295],
  int32: [-2_147_483_648, 2_147_483_647],
  float32: undefined,
};

/** In its normal form, or what is wrong with it for a value of the type. */
export function expectationOf(raw: RawExpectation, type: TypeName): Expectation | ValueFlaw {
  const flaw = (expected: string): ValueFlaw => ({ key: "expect", expected });
  if (Object.keys(raw).length !== 1) return flaw("exactly one of equals, inSet, inRange, changesWithin and counterAdvances");
  const expectation = named(raw, type);
  if (expectation === undefined)
    return flaw("uint16 or uint32 (of S7 also uint8) for counterAdvances: what it counts has no sign and no fraction");
  if (type === "float32" && (expectation.kind === "equals" || expectation.kind === "in-set"))
    return flaw("inRange or changesWithin for float32: two floats are rarely equal");
  const [least, most] = ranges[type] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const fits = (value: number): boolean => (type === "float32" || Number.isInteger(value)) && value >= least && value <= most;
  if (!valuesOf(expectation).every(fits))
    return flaw(`whole numbers from ${least} to ${most} for ${type}, found ${expectationWords(expectation)}`);
  if (expectation.kind === "in-range" && expectation.from > expectation.to) return flaw("a range whose from is not above its to");
  if (expectation.kind === "counter-advances" && expectation.wrapsAfter < 2) return flaw("a counter that wraps after 2 or more");
  return expectation;
}

function named({ equals, inSet, inRange, changesWithin, counterAdvances }: RawExpectation, type: TypeName): Expectation | undefined {
  if (equals !== undefined) return { kind: "equals", value: equals };
  if (inSet !== undefined) return { kind: "in-set", values: [...new Set(inSet)].toSorted((a, b) => a - b) };
  if (inRange !== undefined) return { kind: "in-range", ...inRange };
  if (changesWithin !== undefined) return { kind: "changes", within: changesWithin };
  if (counterAdvances === undefined || (type !== "uint8" && type !== "uint16" && type !== "uint32")) return undefined;
  const { within, wrapsAfter = ranges[type]![1] } = counterAdvances;
  return { kind: "counter-advances", within, wrapsAfter };
}

function valuesOf(expectation: Expectation): readonly number[] {
  switch (expectation.kind) {
    case "equals":
      return [expectation.value];
    case "in-set":
      return expectation.values;
    case "in-range":
      return [expectation.from, expectation.to];
    case "counter-advances":
      return [expectation.wrapsAfter];
    case "changes":
      return [];
  }
}
