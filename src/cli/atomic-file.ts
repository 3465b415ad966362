/** Writes a file so that a reader, or a power cut, finds either the old text or the new one, whole. */
import { closeSync, fchmodSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import path from "node:path";

/** Keeps the mode of a file that is there, and writes what a link points to. @throws the system's error; then the old file is untouched. */
export function writeAtomically(written: string, text: string, newMode = 0o644): void {
  const mode = statSync(written, { throwIfNoEntry: false })?.mode;
  const file = mode === undefined ? written : realpathSync(written);
  const folder = path.dirname(file);
  // In the same folder, so that the rename stays within one file system. A name that no loader reads as a profile.
  const draft = path.join(folder, `.${path.basename(file)}.${process.pid}.tmp`);
  // What a killed writer of the same process id left.
  rmSync(draft, { force: true });
  const opened = openSync(draft, "wx", newMode);
  try {
    try {
      if (mode !== undefined) fchmodSync(opened, mode & 0o7777);
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
