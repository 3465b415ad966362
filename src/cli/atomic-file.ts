/** Writes a file so that a reader, or a power cut, finds either the old text or the new one, whole. */
import { closeSync, fchmodSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import path from "node:path";

/** Keeps the mode of a file that is there, and writes what a link points to. @throws the system's error; then the old file is untouched. */
export function writeAtomically(written: string, text: string, newMode = 0o644): void {
  const mode = statSync(written, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return replaceWhole(written, text, newMode);
  replaceWhole(realpathSync(written), text, newMode, mode & 0o7777);
}

/**
 * Puts a file of this mode, whatever the umask, in the place of what has that name: a link there is replaced, and what it points to stays
 * as it is. For a folder that somebody with fewer rights may write to. @throws the system's error; then what was there is untouched.
 */
export function replaceAtomically(file: string, text: string, mode: number): void {
  replaceWhole(file, text, mode, mode);
}

/** @param mode set on the open draft, where the umask must not decide */
function replaceWhole(file: string, text: string, newMode: number, mode?: number): void {
  const folder = path.dirname(file);
  // In the same folder, so that the rename stays within one file system. A name that no loader reads as a profile.
  const draft = path.join(folder, `.${path.basename(file)}.${process.pid}.tmp`);
  // What a killed writer of the same process id left.
  rmSync(draft, { force: true });
  // Made anew or not at all: a link that stands there by now is an error.
  const opened = openSync(draft, "wx", newMode);
  try {
    try {
      if (mode !== undefined) fchmodSync(opened, mode);
      const bytes = Buffer.from(text);
      for (let written = 0; written < bytes.length;) written += writeSync(opened, bytes, written);
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Without it the rename itself may be lost in a power cut. */
function syncFolder(folder: string): void {
  const opened = openSync(folder, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
