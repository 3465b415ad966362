/** Files that must be there after a power cut: written aside, synced, put in place in one step, and the folder synced too. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces `path` by `text` as a whole, mode 0600; a function makes the text for the open file, which stays the same one when it is put in
 * place. Throws the file system's error and leaves `path` as it was.
 */
export function writeDurably(path: string, text: string | ((file: number) => string)): void {
  const aside = `${path}.tmp-${process.pid}`;
  // What a killed writer of the same process id left there, or a link that somebody laid there, is not written through.
  rmSync(aside, { force: true });
  try {
    const file = openSync(aside, "wx", 0o600);
    try {
      writeSync(file, typeof text === "string" ? text : text(file));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes names that came or went in the folder outlive a power cut. */
export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** An error of the file system, which is an expected failure; anything else is a bug. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
