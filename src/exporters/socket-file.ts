/** A place for a socket file: what an ended process left there goes, what lives or is none of ours stays. */
import { lstatSync, unlinkSync } from "node:fs";

/** Says in one sentence why nobody may listen there; undefined where somebody may. `answered`: whether a process answers; asked only when a socket lies there. */
export async function problemWithPlace(path: string, answered: (path: string) => Promise<boolean>): Promise<string | undefined> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return undefined;
  if (!found.isSocket()) return `${path}: found something other than a socket, expected nothing or an old socket; move it away`;
  if (await answered(path)) return `${path}: another poller answers here; expected none. Stop it first, or use a state folder of its own`;
  unlinkSync(path);
  return undefined;
}
