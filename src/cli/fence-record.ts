/** Leaves in the state folder what was found of the fence, where the poller's metrics read it. */
import path from "node:path";
import { fenceRecordName, fenceRecordText, type FenceRecord } from "../domain/fence-state.ts";
import { replaceAtomically } from "./atomic-file.ts";

/**
 * A sentence where it cannot be written. Readable by all, in a folder that nobody else may enter: root may write it for the poller's user,
 * who owns that folder, and so follows no link in it.
 */
export function recordFence(stateDir: string, record: FenceRecord): string | undefined {
  const file = path.join(stateDir, fenceRecordName);
  try {
    replaceAtomically(file, fenceRecordText(record), 0o644);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return `${file}: the record cannot be written (${error.message}); run this as root or as the poller's user`;
  }
}
