/** A short mark of what a device says: an acceptance names it, so that what is accepted is what a person has seen. */
import type { KnownIdentity } from "../domain/baseline.ts";
import { saidWords } from "../domain/said.ts";
import { digestOf } from "./compile/digest.ts";

/** 48 bits of SHA-256: short enough to type, and nobody finds another text with the same ones between a look and a word. */
const markDigits = 12;

/**
 * `3f9a-12c0-77de`, over everything that the device says at present, by whatever method and place; undefined of one that says nothing.
 * What was accepted of it before makes no difference.
 */
export function markOf(identities: readonly Pick<KnownIdentity, "device" | "place" | "source" | "said">[]): string | undefined {
  if (identities.length === 0) return undefined;
  const sorted = identities.toSorted((a, b) => (`${a.source} ${a.place}` < `${b.source} ${b.place}` ? -1 : 1));
  const says = sorted.map(({ device, place, source, said }) => ({ device, place, source, said: wellFormed(said) }));
  const digits = digestOf(says).slice("sha256:".length, "sha256:".length + markDigits);
  return digits.replaceAll(/(.{4})(?=.)/gu, "$1-");
}

/** Whether a person, who may leave out dashes and write capitals, means this mark. */
export function isMark(mark: string | undefined, written: string): boolean {
  return mark !== undefined && bare(mark) === bare(written);
}

function bare(mark: string): string {
  return mark.replaceAll(/[\s-]/gu, "").toLowerCase();
}

/** A digest takes no half of a pair of surrogates; a device may send one. */
function wellFormed(said: KnownIdentity["said"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(said).map(([field, text]) => [field, text.toWellFormed()]));
}

/** Why an acceptance is refused, with what the device says now. */
export function otherThanSeen(device: string, identities: readonly KnownIdentity[], seen: string): string {
  const says = identities.map((one) => `${one.source} at ${one.place}: ${saidWords(one.said)}`).join("; ");
  const mark = markOf(identities) ?? "none";
  return `${device}: found the mark ${mark}, expected ${seen}: it does not say what was seen. It says now, by ${says}. Look at the device again; nothing was accepted`;
}
