/** Stops all asking at once: by the STOP file, which needs no poller that listens. */
import type { Settings } from "../../config/loaded-site.ts";
import type { Signed } from "../../domain/control.ts";
import type { StopRecord } from "../ports.ts";
import { recorded } from "../audit.ts";
import type { Command, Context, ExitCode } from "../command.ts";
import { pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsAlone } from "../site.ts";
import { moment } from "../status-view.ts";

export const stop: Command = {
  name: "stop",
  summary: "stop all asking now, until a person resumes",
  words: [],
  options: {
    by: { type: "text", value: "<name>", summary: "who stops it (default: the login name)" },
    reason: { type: "text", value: "<text>", summary: "why" },
  },
  examples: [
    ["watchkeeper stop", "nothing is asked any more, within 1 s"],
    ['watchkeeper stop --by eto-1 --reason "smoke in the switchboard room"', "the same, with a record that says why"],
  ],
  more:
    "Writes the file STOP into the state folder, with or without a running poller; it outlives restarts. " +
    "Exit code 1 when the file cannot be written, or a running poller does not confirm.",
  async run(context) {
    const settings = settingsAlone(context);
    if ("problems" in settings) return failed(context, [...settings.problems, withoutSettings]);
    const { stateDir } = settings;
    const before = context.state.stopped(stateDir);
    const record = { by: context.text("by") ?? context.user, reason: context.text("reason") ?? "no reason given" };
    // The file comes first: it must not wait for a socket that may hang, nor for a record that may not be writable.
    // Also where one lies there: somebody may be lifting that one right now.
    const problem = context.state.stop(stateDir, record);
    if (problem) return failed(context, problem.problems);
    return confirmed(context, settings, record, before);
  },
};

async function confirmed(context: Context, settings: Settings, record: Signed, before: StopRecord | undefined): Promise<ExitCode> {
  const asked = await pollerOf(context, settings.stateDir).ask("stop", record);
  const poller = asked.kind === "nobody" ? "none" : asked.kind === "answered" && asked.reply.ok ? "stopped" : "unconfirmed";
  const problems: string[] = [];
  if (asked.kind === "trouble") problems.push(asked.detail);
  if (asked.kind === "answered" && !asked.reply.ok) problems.push(...asked.reply.problems);
  if (asked.kind === "nobody" && !before) {
    const entry = {
      source: "cli",
      category: "stop",
      type: "stop",
      result: "success",
      detail: `by ${record.by}: ${record.reason}`,
    } as const;
    const unwritten = await recorded(context, settings, entry);
    // The site is stopped all the same.
    for (const problem of unwritten?.problems ?? [])
      context.warn(`The stop is in effect; its audit record could not be written: ${problem}`);
  }
  if (context.flag("json")) context.print(JSON.stringify({ stopped: true, wasStopped: before !== undefined, poller, problems }));
  else for (const line of told(poller, before)) context.print(line);
  if (poller !== "unconfirmed") return 0;
  if (context.flag("json")) return 1;
  return failed(context, [
    ...problems,
    "The STOP file is written and a poller obeys it within 1 s; this one did not confirm it. See `watchkeeper status`.",
  ]);
}

function told(poller: "none" | "stopped" | "unconfirmed", before: StopRecord | undefined): readonly string[] {
  const first = before
    ? `Already stopped${before.since === null ? "" : ` since ${moment(before.since)}`} by ${before.by}: ${before.reason}`
    : "Stopped: nothing is asked.";
  if (poller === "none") return [first, "No poller runs; one that starts will ask nothing.", toResume];
  return poller === "stopped" ? [first, toResume] : [];
}

const withoutSettings =
  "NOT STOPPED: the state folder is not known. A file named STOP in it stops the site, and so does SIGUSR2 to the poller.";

const toResume = "To go on: watchkeeper resume --by NAME --reason TEXT";
