/** Takes a person's word that the wall clock is right, after it was suspect. */
import { audited, withJournal } from "../audit.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { moment } from "../text.ts";

export const clock: Command = {
  name: "clock",
  words: [{ name: "accept", required: true }],
  options: {
    by: { type: "text", value: "<name>", summary: "who has compared it with another clock", required: true },
    reason: { type: "text", value: "<text>", summary: "what had gone wrong", required: true },
  },
  examples: [
    [
      'watchkeeper clock accept --by eto-1 --reason "ran a year ahead until the battery was changed"',
      "approvals end by the wall clock again",
    ],
  ],
  more:
    "Approvals end by the highest time that this machine had reason to trust, or by the wall clock, whichever is later: a clock that is set back " +
    "gives nothing longer. Where it was that time that was wrong, this forgets it. Compare the clock with another one before: " +
    "an approval that had ended may count again.",
  async run(context) {
    const [what] = context.words;
    if (what !== "accept") throw new WrongUsage(`found ${what ?? "nothing"}, expected accept`);
    const settings = settingsOf(context);
    if ("problems" in settings) return failed(context, settings.problems);
    const signed = { by: context.required("by"), reason: context.required("reason") };
    const asked = await pollerOf(context, settings.stateDir).ask("clock", signed);
    if (asked.kind === "trouble") return failed(context, [asked.detail]);
    if (asked.kind === "answered")
      return asked.reply.ok ? told(context, asked.reply.result.before, asked.reply.result.now) : failed(context, asked.reply.problems);
    const result = await withJournal(context, settings, (journal) => {
      const { highest } = journal;
      const now = context.clock.wall();
      const detail = `${signed.reason} (the highest trusted time was ${highest})`;
      audited(context, journal, { source: signed.by, category: "command", type: "clock_accepted", result: "success", detail });
      journal.noteTime(now);
      return { before: highest, now: new Date(now).toISOString() };
    });
    return "problems" in result ? failed(context, result.problems) : told(context, result.before, result.now);
  },
};

function told(context: Context, before: string, now: string): ExitCode {
  if (context.flag("json")) context.print(JSON.stringify({ before, now }));
  else context.print(`The wall clock counts as right: ${moment(now)}. The highest trusted time was ${moment(before)}.`);
  return 0;
}
