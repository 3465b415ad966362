/** Facts about a device family and the documents they stand in: a value never comes without saying why it is believed. */
import { z } from "zod";
import { date, id, oneOf, optionalText, text, type IsoDate } from "./common.ts";

export const grades = ["V", "A", "P", "S", "M", "N"] as const;
/** V vendor text, A advisory, P specification or code, S secondary, M from memory, N not found. */
export type Grade = (typeof grades)[number];

export interface SourceDocument {
  readonly id: string;
  readonly kind:
    | "vendor-manual"
    | "vendor-faq"
    | "vendor-help"
    | "advisory"
    | "specification"
    | "code"
    | "field-report"
    | "secondary"
    | "memory";
  readonly publisher: string;
  readonly title: string;
  readonly document: string | null;
  /** Page or section. */
  readonly place: string | null;
  readonly url: string | null;
  /** Where it was read, where that was not the original. */
  readonly mirror: string | null;
  readonly read: "full-document" | "excerpt" | "not-read";
  readonly retrieved: IsoDate | null;
  /** Persons who opened the original. */
  readonly checkedBy: readonly string[];
}

export type FactValue = string | number | boolean;

/** A value and why it is believed. `null` where nothing is documented: the conservative default holds. */
export interface Fact<Value> {
  readonly value: Value | null;
  readonly status: "documented" | "not-documented" | "disputed";
  readonly grade: Grade;
  /** Ids of `sources`. */
  readonly sources: readonly string[];
  readonly note: string | null;
}

/** Whether a value may be shown as something a vendor, an advisory or a specification says. */
export function isPrintable({ value, status, grade }: Fact<unknown>): boolean {
  return value !== null && status === "documented" && (grade === "V" || grade === "A" || grade === "P");
}

export const sourceIds: z.ZodType<readonly string[], unknown> = z
  .array(id("The id of a source."), { error: "a list of source ids" })
  .default([])
  .meta({ description: "Where it is written: ids of `sources`." });

export function fact<Value>(value: z.ZodType<Value>, description: string): z.ZodType<Fact<Value>> {
  return z
    .strictObject({
      value: value.nullable().meta({ description: "The value; null where nothing is documented." }),
      status: oneOf(["documented", "not-documented", "disputed"], "Whether a document says so."),
      grade: oneOf(grades, "V vendor text, A advisory, P specification or code, S secondary, M from memory, N not found."),
      sources: sourceIds,
      note: optionalText("What the value alone does not say."),
    })
    .meta({ description });
}

const sourceKinds = [
  "vendor-manual",
  "vendor-faq",
  "vendor-help",
  "advisory",
  "specification",
  "code",
  "field-report",
  "secondary",
  "memory",
] as const;

export const source: z.ZodType<SourceDocument> = z
  .strictObject({
    id: id("The source's id."),
    kind: oneOf(sourceKinds, "What sort of document."),
    publisher: text("Who published it."),
    title: text("Its title."),
    document: optionalText("Its number."),
    place: optionalText("Page or section."),
    url: optionalText("Where the original is."),
    mirror: optionalText("Where it was read, where that was not the original."),
    read: oneOf(["full-document", "excerpt", "not-read"], "How much of it was read."),
    retrieved: date("When it was read.").nullable().default(null).meta({ description: "When it was read." }),
    checkedBy: z
      .array(text("A person."))
      .default([])
      .meta({ description: "Persons who opened the original; two are needed to loosen anything." }),
  })
  .meta({ description: "A document." });
