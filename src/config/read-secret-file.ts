/** Reads files that hold secrets: only where nobody but this account can read them. */
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { decode, refused, unreadable, type ReadText } from "./read-file.ts";
import type { Complaint } from "./problem.ts";

const bytesMax = 1024 * 1024;
const permissionBits = 0o7777;
const modes: ReadonlySet<number> = new Set([0o600, 0o400]);

/**
 * What is looked at is what is read: both through one open file.
 * @param file the name that problems carry
 * @param account the user id this process runs as
 */
export function readSecretText(file: string, location: string, account: number | undefined = process.geteuid?.()): ReadText {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(location, "r");
    const flaw = flawOf(fstatSync(descriptor), location, account);
    return flaw === undefined ? decode(file, readFileSync(descriptor)) : refused(file, 1, flaw);
  } catch (error) {
    return refused(file, 1, unreadable(error, location));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function flawOf(entry: Stats, location: string, account: number | undefined): Complaint | undefined {
  if (!entry.isFile()) return { found: "something other than a file", expected: "a file" };
  const mode = entry.mode & permissionBits;
  if (!modes.has(mode)) {
    const found = `the mode 0${mode.toString(8).padStart(3, "0")}, with which it holds secrets`;
    return { found, expected: "0600 or 0400: readable by its owner alone", hint: `chmod 600 ${location}` };
  }
  if (entry.uid !== account) {
    const expected = `the account that runs this (${account ?? "unknown"}) as its owner`;
    return { found: `the account ${entry.uid} as its owner`, expected, hint: "run this as the account that runs the poller, or chown it" };
  }
  return entry.size > bytesMax ? { found: `${entry.size} bytes`, expected: `at most ${bytesMax} bytes (1 MB)` } : undefined;
}
