/** When a file came to be, as the file system has it (statx): a copy, whoever made it and however, was born at another time than what it holds says. */
import { lstatSync, type BigIntStats } from "node:fs";
import { dirname } from "node:path";

/** Nanoseconds since 1970 as a decimal number; "" where the file system does not keep it. */
export type Born = string;

export function bornOf({ birthtimeNs }: Pick<BigIntStats, "birthtimeNs">): Born {
  return birthtimeNs > 0n ? String(birthtimeNs) : "";
}

/** Whether the file at `path` is another than the one that was born then; false where nobody can know. */
export function isAnother(path: string, born: Born): boolean {
  if (born === "") return false;
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const folder = lstatSync(dirname(path), { bigint: true });
  // Where Node cannot ask for it, it shows the time of the last change instead: then a folder in which files come and go seems to be born just now.
  if (!found || bornOf(found) === "" || folder.birthtimeNs === folder.ctimeNs) return false;
  return bornOf(found) !== born;
}
