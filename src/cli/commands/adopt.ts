/** Takes over a state folder that was copied, restored or moved here: stopped first, so that nobody finds it polling. */
import { audited, withJournal } from "../audit.ts";
import type { Command } from "../command.ts";
import { labAsked } from "../lab.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";

export const adopt: Command = {
  name: "adopt",
  words: [],
  options: {
    by: { type: "text", value: "<name>", summary: "who takes it over", required: true },
    reason: { type: "text", value: "<text>", summary: "why it is not where it was made", required: true },
  },
  examples: [
    [
      'watchkeeper adopt --by eto-1 --reason "new disk, restored from the backup of 2026-11-20"',
      "the folder becomes this machine's own, and stays stopped until `watchkeeper resume`",
    ],
  ],
  more:
    "Stops and trips in it may be older than what happened since: look at them, compare with the plant, then resume. " +
    "A folder made for lab mode stays one.",
  async run(context) {
    const settings = settingsOf(context);
    if ("problems" in settings) return failed(context, settings.problems);
    const { stateDir, site } = settings;
    const signed = { by: context.required("by"), reason: context.required("reason") };
    const adopted = context.state.adopt(stateDir, { site, lab: labAsked(context) }, signed);
    if (adopted) return failed(context, adopted.problems);
    const entry = { source: signed.by, category: "lifecycle", type: "adopted", result: "success" } as const;
    const problem = await withJournal(context, settings, (journal) => audited(context, journal, { ...entry, detail: signed.reason }));
    if (problem) return failed(context, problem.problems);
    if (context.flag("json")) context.print(JSON.stringify({ adopted: stateDir, stopped: true }));
    else
      context.print(`Adopted ${stateDir}. The site is stopped; look at \`watchkeeper status\` and the plant, then \`watchkeeper resume\`.`);
    return 0;
  },
};
