/** Values of objects as they came, each taken only in the type that it has by its definition. */
import { Buffer } from "node:buffer";
import { MalformedReply } from "../../domain/driver.ts";
import { formatDuration } from "../../domain/duration.ts";
import { printable } from "../../domain/printable.ts";
import { milliseconds } from "../../domain/units.ts";

/** One object as it came; the type is the ASN.1 tag. */
export interface Variable {
  readonly oid: string;
  readonly type?: number;
  readonly value?: unknown;
}

const types = { integer: 0x02, octets: 0x04, oid: 0x06, counter: 0x41, gauge: 0x42, timeTicks: 0x43 } as const;
/** noSuchObject, noSuchInstance, endOfMibView (RFC 3416, 3). */
const absent: ReadonlySet<number> = new Set([0x80, 0x81, 0x82]);

export const textCharactersMax = 255;
const ticksMost = 2 ** 32 - 1;

export function isAbsent({ type }: Variable): boolean {
  return type !== undefined && absent.has(type);
}

/** The objects that were asked for, by their ids; undefined of what the device does not have. @throws MalformedReply where others came */
export function found(oids: readonly string[], variables: readonly Variable[]): (oid: string) => Variable | undefined {
  if (variables.length !== oids.length || variables.some(({ oid }, at) => oid !== oids[at]))
    throw wrong("the objects that came are not those that were asked for");
  const there = new Map(variables.filter((one) => !isAbsent(one)).map((one) => [one.oid, one]));
  return (oid) => there.get(oid);
}

/** RFC 2863, ifOperStatus. */
export const portStates: ReadonlyMap<number | undefined, string> = new Map([
  [1, "up"],
  [2, "down"],
  [3, "testing"],
  [4, "unknown"],
  [5, "dormant"],
  [6, "notPresent"],
  [7, "lowerLayerDown"],
]);
export function upWords(hundredths: number): string {
  return formatDuration(milliseconds(Math.floor(hundredths / 100) * 1000));
}

/** Undefined of what is not there, here and below. @throws MalformedReply of what is of another type */
export function integerIn(variable: Variable | undefined): number | undefined {
  return numberIn(variable, [types.integer]);
}

/** Counters, gauges and whole numbers that are never negative. */
export function countIn(variable: Variable | undefined): number | undefined {
  return numberIn(variable, [types.integer, types.counter, types.gauge], 0);
}

/** Hundredths of a second. */
export function ticksIn(variable: Variable | undefined): number | undefined {
  const ticks = numberIn(variable, [types.timeTicks], 0);
  if (ticks !== undefined && ticks > ticksMost) throw wrong("a time beyond its end");
  return ticks;
}

function numberIn(variable: Variable | undefined, allowed: readonly number[], least: number = -(2 ** 31)): number | undefined {
  if (variable === undefined) return undefined;
  const { type, value } = variable;
  if (type === undefined || !allowed.includes(type) || typeof value !== "number" || !Number.isSafeInteger(value) || value < least)
    throw wrong("a number is none");
  return value;
}

export function textIn(variable: Variable | undefined): string | undefined {
  const bytes = bytesIn(variable);
  return bytes === undefined ? undefined : printable(Buffer.from(bytes).toString("utf8").trim(), textCharactersMax);
}

export function bytesIn(variable: Variable | undefined): readonly number[] | undefined {
  if (variable === undefined) return undefined;
  const { type, value } = variable;
  if (type !== types.octets || !(value instanceof Uint8Array)) throw wrong("a text is none");
  return [...value];
}

export function objectIdIn(variable: Variable | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const { type, value } = variable;
  if (type !== types.oid || typeof value !== "string") throw wrong("an object's id is none");
  return printable(value, textCharactersMax);
}

export function wrong(what: string): MalformedReply {
  return new MalformedReply(`SNMP: ${what}`);
}
