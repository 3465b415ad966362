/** Bytes of an S7 CPU that a check may read: a liveness register whose place is an area, for a data block its number, and a byte. */
import type { z } from "zod";
import type { Expectation } from "../../domain/expectation.ts";
import { s7ByteMax, s7BytesMax, s7BytesOf, s7DbMax, s7ValueTypes, type S7Area, type S7Bytes } from "../../domain/s7.ts";
import { oneOf, whole } from "./common.ts";
import { expectationOf, type RawValue } from "./expectation.ts";

/** The space of a register that stands in no Modbus table. */
export const s7Space = "s7-bytes";

export interface LivenessBytes {
  readonly id: string;
  readonly note: string | null;
  readonly space: typeof s7Space;
  readonly bytes: S7Bytes;
  /** There only with a value. */
  readonly expectation?: Expectation;
}

type Optional<T> = z.ZodExactOptional<z.ZodType<T, T>>;

export const bytesKeys: {
  readonly area: Optional<S7Area>;
  readonly db: Optional<number>;
  readonly byte: Optional<number>;
  readonly bit: Optional<number>;
} = {
  area: oneOf(["DB", "M", "I", "Q"], "S7 alone: the data block, bit memory, inputs or outputs in which the bytes stand.").exactOptional(),
  db: whole(1, s7DbMax, "S7 alone: the number of the data block, with area DB.").exactOptional(),
  byte: whole(0, s7ByteMax, "S7 alone: the first byte, as DBB, MB, IB or QB number it.").exactOptional(),
  bit: whole(0, 7, "S7 alone: the bit of that byte, with type bit.").exactOptional(),
};

export interface RawBytes extends RawValue {
  readonly area?: S7Area;
  readonly db?: number;
  readonly byte?: number;
  readonly bit?: number;
  readonly count?: number;
}

/** What is wrong, and under which key. */
export interface BytesFlaw {
  readonly key: string;
  readonly expected: string;
}

/** Whether a register's keys name bytes of an S7 CPU. */
export function namesBytes(raw: RawBytes): boolean {
  return raw.area !== undefined || raw.db !== undefined || raw.byte !== undefined || raw.bit !== undefined;
}

/** In its normal form, or the first thing that is wrong. */
export function bytesOf(raw: RawBytes): { readonly bytes: S7Bytes; readonly expectation?: Expectation } | BytesFlaw {
  const { area, db, byte, bit, type, wordOrder, expect } = raw;
  if (area === undefined) return { key: "area", expected: "area beside db, byte and bit: DB, M, I or Q" };
  if (byte === undefined) return { key: "byte", expected: "byte: the first one to read" };
  if ((area === "DB") !== (db !== undefined))
    return { key: "db", expected: area === "DB" ? "db: the number of the data block" : `no db with area ${area}` };
  if (wordOrder !== undefined) return { key: "wordOrder", expected: "no wordOrder: an S7 CPU always puts the high byte first" };
  if ((type === "bit") !== (bit !== undefined)) return { key: "bit", expected: type === "bit" ? "bit: 0 to 7" : "no bit without type bit" };
  const count = raw.count ?? (type === undefined ? 1 : s7BytesOf(type));
  if (count > s7BytesMax) return { key: "count", expected: `1 to ${s7BytesMax} bytes` };
  if (type !== undefined && count !== s7BytesOf(type)) return { key: "count", expected: `${s7BytesOf(type)} for one ${type}, or no count` };
  if (byte + count - 1 > s7ByteMax) return { key: "byte", expected: `bytes that end at ${s7ByteMax} or before` };
  const bytes: S7Bytes = { area, db: db ?? 0, byte, count, ...(type && { value: { type } }), ...(bit !== undefined && { bit }) };
  if (expect === undefined) return { bytes };
  if (type === undefined) return { key: "expect", expected: `type beside it: one of ${s7ValueTypes.join(", ")}` };
  const expectation = expectationOf(expect, type);
  return "key" in expectation ? expectation : { bytes, expectation };
}
