/** Reads configuration files from disk: bounded, UTF-8 and nothing else, with every refusal as a problem. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { printable } from "../domain/printable.ts";
import type { Complaint, Problem } from "./problem.ts";

/** About 16,000 devices. */
const bytesMax = 8 * 1024 * 1024;

export type ReadText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problems: readonly Problem[] };

/** What to do where there are no settings: whoever is in the wrong folder is told so. */
export const settingsMissingHint = "name the settings with --config.file <file>, or make a site with `watchkeeper init <folder> --site ID`";

/**
 * @param file the name that problems carry
 * @param missingHint what to do where it is not there
 */
export function readText(file: string, location: string, missingHint?: string): ReadText {
  try {
    const entry = statSync(location);
    if (!entry.isFile()) return refused(file, 1, { found: "something other than a file", expected: "a file" });
    if (entry.size > bytesMax) return refused(file, 1, { found: `${entry.size} bytes`, expected: `at most ${bytesMax} bytes (8 MB)` });
    return decode(file, readFileSync(location));
  } catch (error) {
    return refused(file, 1, unreadable(error, location, missingHint));
  }
}

export type ReadFolder =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The names in a folder, sorted. Names that begin with a dot are an editor's or a version control's own. */
export function readFolder(folder: string, location: string): ReadFolder {
  try {
    const names = readdirSync(location).filter((name) => !name.startsWith("."));
    return { ok: true, names: names.toSorted() };
  } catch (error) {
    return refused(folder, 1, unreadable(error, location));
  }
}

type Refused = { readonly ok: false; readonly problems: readonly Problem[] };

export function refused(file: string, line: number, { found, expected, hint }: Complaint): Refused {
  return { ok: false, problems: [{ file, line, path: "", found, expected, ...(hint === undefined ? {} : { hint }) }] };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const saveAsUtf8 = 'save it as "UTF-8"';

export function decode(file: string, bytes: Buffer): ReadText {
  const begin = bytes.subarray(0, 3).toString("hex");
  if (begin === "efbbbf") return refused(file, 1, { found: "a byte order mark", expected: "UTF-8 without one", hint: saveAsUtf8 });
  if (/^(fffe|feff)/u.test(begin)) return refused(file, 1, { found: "UTF-16", expected: "UTF-8", hint: saveAsUtf8 });
  const text = decodeStrictly(bytes);
  if (text !== undefined) return { ok: true, text };
  return refused(file, lineOfBadBytes(bytes), { found: "bytes that are not UTF-8", expected: "UTF-8", hint: saveAsUtf8 });
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** No byte of a longer UTF-8 sequence is a line feed, so that each line stands or falls by itself. */
function lineOfBadBytes(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || decodeStrictly(bytes.subarray(start, end)) === undefined) return line;
    start = end + 1;
  }
}

export function unreadable(error: unknown, path: string, missingHint?: string): Complaint {
  const location = printable(path, 300);
  // Only what the file system itself answers is a file's fault; a bad argument is ours.
  const code = error instanceof Error && "syscall" in error && "code" in error ? String(error.code) : undefined;
  switch (code) {
    case undefined:
      throw error;
    case "ENOENT":
      return { found: "nothing there", expected: `something readable at ${location}`, hint: missingHint };
    case "EACCES":
    case "EPERM":
      return { found: "no permission to read it", expected: "permission for the account that runs this", hint: location };
    default:
      return { found: `the error ${code}`, expected: "something readable", hint: location };
  }
}
