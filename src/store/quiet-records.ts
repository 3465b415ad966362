/** What a state folder tells of stops and pauses, for whoever judges a capture: as it stands there, for the judge to read by itself. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { verifyAudit } from "./database-audit.ts";
import type { AuditRecord } from "./audit-chain.ts";
import type { Unusable } from "./database.ts";
import { isFileError } from "./durable-file.ts";
import { standingStop, type StopRecord } from "./stop-file.ts";
import { journalName, readBirth } from "./state-folder.ts";
import { windowsFileName } from "./windows-file.ts";

export interface QuietRecords {
  /** The text of the file of windows; undefined where there is none: no window was ever opened. */
  readonly windows: string | undefined;
  /** Of the audit: when the poller began and ended, and when it was stopped and resumed; none before its first run. */
  readonly runs: readonly Pick<AuditRecord, "at" | "source" | "type">[];
  /** Where the site is stopped: who did it, and since when, as the file STOP says. */
  readonly standing?: Pick<StopRecord, "by" | "since">;
}

const types: ReadonlySet<string> = new Set(["started", "ended", "stopped", "resumed"]);

export function quietRecords(stateFolder: string): QuietRecords | Unusable {
  const [windows, journal] = [join(stateFolder, windowsFileName), join(stateFolder, journalName)];
  try {
    // A wrong folder, or half of a copy, would be one in which nothing was ever paused.
    statSync(stateFolder);
    const born = readBirth(stateFolder);
    if ("problems" in born) return { problem: born.problems.map(({ detail }) => detail).join("\n") };
    const runs: AuditRecord[] = [];
    const visit = (record: AuditRecord): void => void (types.has(record.type) && runs.push(record));
    const verdict = verifyAudit(journal, { visit });
    if ("problem" in verdict) return verdict;
    if (verdict.broken !== undefined) return { problem: brokenWords(journal, verdict.broken) };
    const stop = standingStop(stateFolder);
    const standing = stop && { standing: { by: stop.by, since: stop.since } };
    return { ...standing, windows: statSync(windows, { throwIfNoEntry: false }) && readFileSync(windows, "utf8"), runs };
  } catch (error) {
    if (!isFileError(error)) throw error;
    return { problem: `${stateFolder}: stops and pauses cannot be read (${error.message}); see that this user may read it` };
  }
}

/** What was taken out may be a stop. */
function brokenWords(journal: string, broken: string): string {
  return `${journal}: found an audit whose chain does not hold (${broken}), expected every record: stops may be missing from it, so no capture is judged by it; see \`watchkeeper audit verify\`. A saved plan (--plan) is judged by without it, with the times in which nothing was to leave written down by hand (--quiet)`;
}
