/** Register addresses without the usual confusion: 0-based as the protocol has it, or as Modicon numbered them, never a bare 40001. */
import { z } from "zod";
import type { Expectation, ValueType } from "../../domain/expectation.ts";
import { bytesKeys, bytesOf, namesBytes, s7Space, type LivenessBytes, type RawBytes } from "./bytes.ts";
import { id, oneOf, optionalText, whole } from "./common.ts";
import { registersOf, valueKeys, valueOf, type RawValue } from "./expectation.ts";

export const registerSpaces = ["coils", "discrete-inputs", "input-registers", "holding-registers"] as const;
export type RegisterSpace = (typeof registerSpaces)[number];

/** 0-based and inclusive: `protocolAddress` to `protocolAddress + count - 1`. */
export interface RegisterRange {
  readonly space: RegisterSpace;
  readonly protocolAddress: number;
  readonly count: number;
}

/** What a check names to be read: of a Modbus table, or bytes of an S7 CPU. */
export type LivenessRegister = TableRegister | LivenessBytes;

export interface TableRegister extends RegisterRange {
  readonly id: string;
  readonly note: string | null;
  /** What its registers are read as; absent: an answer is all that is wanted of them. */
  readonly value?: ValueType;
  /** There only with `value`. */
  readonly expectation?: Expectation;
}

/** In the file: one of `protocolAddress` and `modicon`; Modicon's number says the space, which may then be left out. */
const place = {
  space: oneOf(registerSpaces, "Which of the four tables; it may be left out with modicon, whose first digit says it.").exactOptional(),
  protocolAddress: whole(0, 65_535, "The address as the protocol sends it, 0-based.").exactOptional(),
  modicon: whole(
    1,
    465_536,
    "The number as Modicon writes it: 40001 and 400001 are the holding register 0 of the protocol.",
  ).exactOptional(),
  count: whole(1, 125, "How many, beginning there; where it is left out, as many as one value takes.").exactOptional(),
};
const placeKeys = Object.keys(place);

interface Place extends Pick<RawValue, "type"> {
  readonly space?: RegisterSpace;
  readonly protocolAddress?: number;
  readonly modicon?: number;
  readonly count?: number;
}

type Shape = z.core.$ZodShape;
type Located<Members extends Shape> = RegisterRange & Omit<z.output<z.ZodObject<Members>>, keyof Place>;

/** An object of `members` and a register address, read into its one normal form. */
export function withRegisters<const Members extends Shape>(members: Members): z.ZodPipe<z.ZodObject, z.ZodTransform<Located<Members>>> {
  const [first = [], ...others] = Object.entries(members).map((member) => [member]);
  // What it is, where it stands, and then why: the order in which people read it.
  return z
    .strictObject(Object.fromEntries([...first, ...Object.entries(place), ...others.flat()]))
    .transform((raw, context): Located<Members> => {
      const found = locate(raw as Place);
      if (typeof found === "string") {
        context.addIssue({ code: "custom", message: found, input: raw, path: complainedAt(raw as Place) });
        return z.NEVER;
      }
      const rest = Object.fromEntries(Object.entries(raw).filter(([key]) => !placeKeys.includes(key)));
      return { ...rest, ...found } as Located<Members>;
    });
}

function complainedAt({ modicon, protocolAddress }: Place): string[] {
  if (modicon !== undefined) return ["modicon"];
  return protocolAddress === undefined ? [] : ["protocolAddress"];
}

/** The range, or what was expected instead. */
function locate({ space, protocolAddress, modicon, type, count = registersOf(type) }: Place): RegisterRange | string {
  if (modicon !== undefined && protocolAddress !== undefined) return "either protocolAddress or modicon, not both";
  if (protocolAddress !== undefined) {
    if (space === undefined) return `space beside protocolAddress: one of ${registerSpaces.join(", ")}`;
    return ranged(space, protocolAddress, count);
  }
  if (modicon === undefined) return "protocolAddress (0-based, with space) or modicon (such as 40001)";
  const numbered = fromModicon(modicon);
  if (numbered === undefined)
    return "a Modicon number: 1 to 9999, 10001 to 19999, 30001 to 39999, 40001 to 49999, or six digits up to 465536";
  if (space !== undefined && space !== numbered.space) return `a number of the space ${space}; this one is of ${numbered.space}`;
  return ranged(numbered.space, numbered.protocolAddress, count);
}

function ranged(space: RegisterSpace, protocolAddress: number, count: number): RegisterRange | string {
  return protocolAddress + count > 65_536 ? "a range that ends at protocol address 65535 or before" : { space, protocolAddress, count };
}

const spaceOfDigit: ReadonlyMap<number, RegisterSpace> = new Map([
  [1, "discrete-inputs"],
  [3, "input-registers"],
  [4, "holding-registers"],
]);

/** 5 digits count to 9999, 6 digits to 65536; both begin at 1. Coils beyond 9999 cannot be told from discrete inputs and need protocolAddress. */
function fromModicon(number: number): Pick<RegisterRange, "space" | "protocolAddress"> | undefined {
  if (number >= 1 && number <= 9999) return { space: "coils", protocolAddress: number - 1 };
  const [base, last] = number < 100_000 ? [10_000, 9999] : [100_000, 65_536];
  const space = spaceOfDigit.get(Math.floor(number / base));
  const offset = number % base;
  return space === undefined || offset < 1 || offset > last ? undefined : { space, protocolAddress: offset - 1 };
}

type RawLiveness = Pick<TableRegister, "id" | "note"> & Place & RawBytes;

export const livenessRegister: z.ZodType<LivenessRegister> = z
  .strictObject({
    id: id("The name a check uses."),
    ...place,
    ...bytesKeys,
    ...valueKeys,
    note: optionalText("What stands in it."),
  })
  .transform((raw, context): LivenessRegister => {
    const read = livenessOf(raw as RawLiveness);
    if (!("expected" in read)) return read;
    context.addIssue({ code: "custom", message: read.expected, input: raw, path: [...read.path] });
    return z.NEVER;
  })
  .meta({ description: "Registers, or bytes of an S7 CPU, that a check may read." });

interface Flaw {
  readonly path: readonly string[];
  readonly expected: string;
}

function livenessOf(raw: RawLiveness): LivenessRegister | Flaw {
  const { id: name, note } = raw;
  if (namesBytes(raw)) {
    const stray = (["space", "protocolAddress", "modicon"] as const).find((key) => raw[key] !== undefined);
    if (stray !== undefined) return { path: [stray], expected: `no ${stray} beside area and byte: it belongs to Modbus` };
    const read = bytesOf(raw);
    return "key" in read ? { path: [read.key], expected: read.expected } : { id: name, note, space: s7Space, ...read };
  }
  const found = locate(raw);
  if (typeof found === "string") return { path: complainedAt(raw), expected: found };
  const read = valueOf(raw, found.space === "coils" || found.space === "discrete-inputs", found.count);
  return "key" in read ? { path: [read.key], expected: read.expected } : { id: name, note, ...found, ...read };
}
