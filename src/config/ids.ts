/** What an id looks like, and what to say of a text that only nearly does; settings need it without any schema. */
import { codePoint, quote } from "./problem.ts";

export const idPattern: RegExp = /^[a-z0-9][a-z0-9-]{0,62}$/u;
export const idExpected = "an id: a to z, 0 to 9 and -, at most 63 characters, beginning with a letter or digit";

/** Why a text that looks like an id is none, where that is not plain to see. */
export function idHint(text: string): string | undefined {
  const foreign = /\P{ASCII}/u.exec(text)?.[0];
  if (foreign !== undefined) return `${quote(foreign)} is ${codePoint(foreign)}, not ASCII`;
  return /[A-Z]/u.test(text) ? "write it in lower case" : undefined;
}
