/** Text that a device says of itself, made printable: devices send ASCII, Latin-1 and UTF-8, padded with blanks or NULs. */
import { isUtf8 } from "node:buffer";

/** Long enough for every name in the captures; a metric label and a log line stay readable. */
const textCharactersMax = 128;
/** What nearly every device sends and nothing need be done about. */
const plainText = /^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/u;

/** Printable and on one line; undefined where nothing is left. */
export function textOf(bytes: Uint8Array | undefined, charactersMax: number = textCharactersMax): string | undefined {
  if (!bytes) return undefined;
  const latin1 = String.fromCharCode.apply(undefined, bytes as ArrayLike<number> as number[]);
  if (plainText.test(latin1) && !latin1.includes("  ")) return latin1;
  const raw = isUtf8(bytes) ? Buffer.from(bytes).toString("utf8") : latin1;
  // Cc and Cf take NULs, escapes and marks that turn the writing direction; the others do not print or are line ends.
  const printable = raw
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\uFFFD]/gu, " ")
    .replaceAll(/\s+/gu, " ")
    .trim();
  return Array.from(printable).slice(0, charactersMax).join("").trimEnd() || undefined;
}
