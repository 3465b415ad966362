/** Lifts the stop: only by a person who gives a name and a reason. */
import { audited, withJournal } from "../audit.ts";
import type { Command, Context, ExitCode } from "../command.ts";
import { pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";

export const resume: Command = {
  name: "resume",
  words: [],
  options: {
    by: { type: "text", value: "<name>", summary: "who resumes", required: true },
    reason: { type: "text", value: "<text>", summary: "why it is right to go on", required: true },
  },
  examples: [
    [
      'watchkeeper resume --by eto-1 --reason "cable replaced, all panels checked"',
      "the poller asks again, each device after a full interval",
    ],
  ],
  more: "Lifts no trip, exclusion or suspension. Refused while the audit record cannot be written.",
  async run(context) {
    const settings = settingsOf(context);
    if ("problems" in settings) return failed(context, settings.problems);
    const { stateDir } = settings;
    const signed = { by: context.required("by"), reason: context.required("reason") };
    const asked = await pollerOf(context, stateDir).ask("resume", signed);
    if (asked.kind === "trouble") return failed(context, [asked.detail]);
    if (asked.kind === "answered")
      return asked.reply.ok ? told(context, asked.reply.result.wasStopped, true) : failed(context, asked.reply.problems);
    // The stop as it is now: one that comes while the record is written is another, and stays.
    const standing = context.state.standingStop(stateDir);
    if (!standing) return told(context, false, false);
    const entry = {
      source: signed.by,
      category: "stop",
      type: "resume",
      result: "success",
      detail: signed.reason,
    } as const;
    const unwritten = await withJournal(context, settings, (journal) => audited(context, journal, entry));
    if (unwritten) return failed(context, unwritten.problems);
    const problem = standing.lift(signed);
    if (!problem) return told(context, true, false);
    const failure = { ...entry, result: "failure", detail: problem.problems.join(" ") } as const;
    const unsaid = await withJournal(context, settings, (journal) => audited(context, journal, failure));
    return failed(context, [...problem.problems, ...(unsaid?.problems ?? [])]);
  },
};

function told(context: Context, wasStopped: boolean, running: boolean): ExitCode {
  if (context.flag("json")) context.print(JSON.stringify({ stopped: false, wasStopped, poller: running ? "running" : "none" }));
  else if (!wasStopped) context.print("The site is not stopped: nothing to do.");
  else
    context.print(
      running ? "Resumed. Each device is asked after a full interval." : "Resumed. No poller runs; start it with `watchkeeper run`.",
    );
  return 0;
}
