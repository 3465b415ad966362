/** The smallest parts of every schema: ids, texts, durations, dates and numbers, each with the words that say what is expected. */
import { z } from "zod";
import { parseDuration } from "../../domain/duration.ts";
import type { Milliseconds } from "../../domain/units.ts";
import { idExpected, idHint, idPattern } from "../ids.ts";
import { codePoint } from "../problem.ts";

/** A date as it stands in a file, `2026-11-21`; a day that exists. */
export type IsoDate = string;

/** Refuses characters that only look like ASCII by name: two ids must never look the same to a person. */
export function id<Id extends string = string>(description: string, expected: string = idExpected): z.ZodType<Id, string> {
  return z
    .string({ error: expected })
    .check(({ value, issues }) => {
      if (idPattern.test(value)) return;
      issues.push({ code: "custom", message: expected, input: value, params: { hint: idHint(value) } });
    })
    .transform((text) => text as Id)
    .meta({ description, pattern: idPattern.source });
}

export const textPattern: RegExp = /^(?=.*\S)[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]{1,200}$/u;
const textExpected = "a text of 1 to 200 characters on one line, in quotes where it looks like a number";

/** Free text for people: names, reasons, documents. */
export function text(description: string): z.ZodType<string, string> {
  return z
    .string({ error: textExpected })
    .check(({ value, issues }) => {
      if (textPattern.test(value)) return;
      issues.push({ code: "custom", message: textExpected, input: value, params: { hint: textHint(value) } });
    })
    .meta({ description });
}

/** An escape such as "\ud800" can write what no file in UTF-8 holds: no digest and no report could. */
function textHint(value: string): string | undefined {
  const half = /\p{Cs}/u.exec(value)?.[0];
  return half === undefined ? undefined : `${codePoint(half)} is half of a character: write the character itself`;
}

/** The same, or nothing: null and a key that is left out are one. */
export function optionalText(description: string): z.ZodType<string | null, unknown> {
  return text(description).nullable().default(null).meta({ description });
}

export function matching(pattern: RegExp, expected: string, description: string): z.ZodType<string, string> {
  return z
    .string({ error: expected })
    .refine((value) => pattern.test(value), { error: expected })
    .meta({ description });
}

const durationExpected = 'a duration above zero with its unit, such as "800ms", "30s", "5m" or "2h"';

export function duration(description: string): z.ZodType<Milliseconds, string> {
  return z
    .string({ error: durationExpected })
    .transform((value, context): Milliseconds => {
      const span = parseDuration(value);
      if (span !== undefined && span > 0) return span;
      context.addIssue({ code: "custom", message: durationExpected, input: value });
      return z.NEVER;
    })
    .meta({ description, pattern: "^[0-9]{1,9}(ms|s|min|m|h|d)$" });
}

const dateExpected = "a day that exists, as 2026-11-21";

export function date(description: string): z.ZodType<IsoDate, string> {
  return z.string({ error: dateExpected }).refine(isDay, { error: dateExpected }).meta({ description, format: "date" });
}

function isDay(value: string): boolean {
  if (!/^20\d\d-\d\d-\d\d$/u.test(value)) return false;
  const parsed = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(value);
}

/** A moment as it stands in a file, in UTC to the second: `2026-11-21T12:00:00Z`. */
export type IsoInstant = string;

const instantExpected = "a moment in UTC, as 2026-11-21T12:00:00Z";

export function instant(description: string): z.ZodType<IsoInstant, string> {
  const isInstant = (value: string): boolean => isDay(value.slice(0, 10)) && /^.{10}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/u.test(value);
  return z.string({ error: instantExpected }).refine(isInstant, { error: instantExpected }).meta({ description, format: "date-time" });
}

/** A whole number written as a number: "5" in quotes, 5.5 and 1e3 in quotes are refused. */
export function whole(least: number, most: number, description: string): z.ZodType<number, number> {
  const error = `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error }).meta({ description });
}

export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
  description: string,
): z.ZodType<Words[number], Words[number]> {
  return z.enum(words, { error: `one of ${words.join(", ")}` }).meta({ description });
}

export const digestPattern: RegExp = /^sha256:[0-9a-f]{64}$/u;

export function digest(description: string): z.ZodType<string, string> {
  return matching(digestPattern, "a digest as `plan` prints it: sha256: and 64 hexadecimal digits", description);
}

export const address = (description: string): z.ZodType<string, string> =>
  matching(/^[^]{1,100}$/u, "one literal unicast address", description);
