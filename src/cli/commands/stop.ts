/** Stops all asking at once: by the STOP file, which needs no poller that listens. */
import type { Signed } from "../../domain/control.ts";
import type { StopRecord } from "../ports.ts";
import { recorded } from "../audit.ts";
import type { Command, Context, ExitCode } from "../command.ts";
import { pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsAlone } from "../settings-file.ts";
import { likelyFolders, likelyStatePlace, pollerPid, type StatePlace } from "../state-places.ts";
import { moment } from "../text.ts";

export const stop: Command = {
  name: "stop",
  words: [],
  options: {
    by: { type: "text", value: "<name>", summary: "who stops it (default: the login name)" },
    reason: { type: "text", value: "<text>", summary: "why" },
  },
  examples: [
    ["watchkeeper stop", "nothing is asked any more, within 1 s"],
    ["watchkeeper stop --config.file /srv/mv-aurora/watchkeeper.yaml", "the same, from any folder"],
    ['watchkeeper stop --by eto-1 --reason "smoke in the switchboard room"', "the same, with a record that says why"],
  ],
  more:
    "Writes the file STOP into the state folder, with or without a running poller; it outlives restarts. " +
    "Without readable settings it goes by their stateDir line, or else by the state folder beside them or here, and says so. " +
    "Exit code 1 when the file cannot be written, or a running poller does not confirm.",
  async run(context) {
    const settings = settingsAlone(context);
    const place = "problems" in settings ? likelyStatePlace(context) : settings;
    const problems = "problems" in settings ? settings.problems : [];
    if (!place) return failed(context, [...problems, notStopped(context)]);
    const { stateDir } = place;
    const before = context.state.stopped(stateDir);
    const record = { by: context.text("by") ?? context.user, reason: context.text("reason") ?? "no reason given" };
    // The file comes first: it must not wait for a socket that may hang, nor for a record that may not be writable.
    // Also where one lies there: somebody may be lifting that one right now.
    const problem = context.state.stop(stateDir, record);
    if (problem) return failed(context, [...problem.problems, ...bySignal(stateDir)]);
    return confirmed(context, place, record, before, problems);
  },
};

/** `doubts`: why the settings could not be had; then the state folder is a likely one, and only a poller that answers proves it right. */
async function confirmed(
  context: Context,
  place: StatePlace,
  record: Signed,
  before: StopRecord | undefined,
  doubts: readonly string[],
): Promise<ExitCode> {
  const asked = await pollerOf(context, place.stateDir).ask("stop", record);
  const poller = asked.kind === "nobody" ? "none" : asked.kind === "answered" && asked.reply.ok ? "stopped" : "unconfirmed";
  const problems: string[] =
    doubts.length === 0 ? [] : [...doubts, `The state folder was taken to be ${place.stateDir} (site ${place.site}).`];
  if (asked.kind === "trouble") problems.push(asked.detail);
  if (asked.kind === "answered" && !asked.reply.ok) problems.push(...asked.reply.problems);
  if (asked.kind === "nobody" && !before) {
    const entry = {
      source: record.by,
      category: "stop",
      type: "stop",
      result: "success",
      detail: record.reason,
    } as const;
    const unwritten = await recorded(context, place, entry);
    // The site is stopped all the same.
    for (const problem of unwritten?.problems ?? [])
      context.warn(`The stop is in effect; its audit record could not be written: ${problem}`);
  }
  const unsure = poller === "none" && doubts.length > 0;
  if (unsure) problems.push(anotherFolder);
  if (context.flag("json")) context.print(JSON.stringify({ stopped: true, wasStopped: before !== undefined, poller, problems }));
  else if (unsure) context.print(`STOP lies in ${place.stateDir}, where no poller answers; one that starts from it will ask nothing.`);
  else for (const line of told(poller, before)) context.print(line);
  if (poller !== "unconfirmed") {
    if (!context.flag("json")) for (const problem of problems) context.warn(problem);
    return unsure ? 1 : 0;
  }
  if (context.flag("json")) return 1;
  return failed(context, [
    ...problems,
    ...bySignal(place.stateDir),
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

/** Where the poller of another folder would be: `ss` names the process that holds the socket of the network namespace. */
const otherWays =
  "say which settings are meant with --config.file FILE, or put a file named STOP into its state folder, " +
  "or send SIGUSR2 to its process (`kill -USR2 PID`; `ss -xlp src @watchkeeper` names it)";

const anotherFolder = `A poller that runs from another state folder is NOT STOPPED by this: ${otherWays}.`;

function notStopped(context: Context): string {
  return `NOT STOPPED: no state folder is known (looked at ${likelyFolders(context).join(", ")}). To stop a poller: ${otherWays}.`;
}

function bySignal(stateDir: string): readonly string[] {
  const pid = pollerPid(stateDir);
  return pid === undefined ? [] : [`The poller is process ${pid}; a signal stops it as well: kill -USR2 ${pid}`];
}

const toResume = "To go on: watchkeeper resume --by NAME --reason TEXT";
