/** Lifts a trip: only by a person who has looked. */
import type { Settings } from "../../config/loaded-site.ts";
import type { TripStatus } from "../../domain/control.ts";
import type { Scope } from "../../domain/outcome.ts";
import { printable } from "../../domain/printable.ts";
import { audited, withJournal } from "../audit.ts";
import { WrongUsage, type Command, type Context, type ExitCode, type Written } from "../command.ts";
import { pollerOf } from "../poller.ts";
import type { Problems } from "../ports.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { moment } from "../text.ts";
import { objectionsOf } from "../wanted.ts";

export const reset: Command = {
  name: "reset",
  words: [{ name: "device", required: false }],
  options: {
    segment: { type: "text", value: "<id>", summary: "lift the trip of a segment" },
    profile: { type: "text", value: "<id>", summary: "lift the trip of a device family" },
    site: { type: "flag", summary: "lift the trip of the whole site" },
    by: { type: "text", value: "<name>", summary: "who has looked", required: true },
    reason: { type: "text", value: "<text>", summary: "what was found", required: true },
  },
  examples: [
    ['watchkeeper reset fresh-water-plc --by eto-1 --reason "PLC was exchanged, watchlist corrected"', "the device may be asked again"],
    ['watchkeeper reset --segment hvac --by eto-1 --reason "switch replaced"', "the segment's trip; trips of its devices stay"],
  ],
  more: "Lifts exactly the trip that is named: `watchkeeper status` shows them. It lifts no stop, exclusion or suspension.",
  objections: (written) => objectionsOf(() => scopeOf(written)),
  async run(context) {
    const request = { scope: scopeOf(context), by: context.required("by"), reason: context.required("reason") };
    const settings = settingsOf(context);
    if ("problems" in settings) return failed(context, settings.problems);
    const asked = await pollerOf(context, settings.stateDir).ask("reset", request);
    if (asked.kind === "trouble") return failed(context, [asked.detail]);
    if (asked.kind === "answered") return asked.reply.ok ? told(context, asked.reply.result.lifted) : failed(context, asked.reply.problems);
    const lifted = await resetDirectly(context, settings, request);
    return "problems" in lifted ? failed(context, lifted.problems) : told(context, lifted);
  },
};

function scopeOf(context: Written): Scope {
  const device = context.words[0];
  const segment = context.text("segment");
  const profile = context.text("profile");
  const named: Scope[] = [];
  if (device !== undefined) named.push(`device:${device}`);
  if (segment !== undefined) named.push(`segment:${segment}`);
  if (profile !== undefined) named.push(`profile:${profile}`);
  if (context.flag("site")) named.push("site");
  const [scope, ...more] = named;
  if (scope !== undefined && more.length === 0) return scope;
  throw new WrongUsage(
    `found ${named.length === 0 ? "nothing" : named.join(" and ")} to reset, expected one of <device>, --segment, --profile, --site`,
  );
}

function resetDirectly(
  context: Context,
  settings: Settings,
  { scope, by, reason }: { readonly scope: Scope; readonly by: string; readonly reason: string },
): Promise<readonly TripStatus[] | Problems> {
  return withJournal(context, settings, (journal) => {
    const trips = journal.trips();
    const lifted = trips.filter((trip) => trip.scope === scope);
    if (lifted.length === 0) return { problems: [notTripped(scope, trips)] };
    journal.reset(scope, context.clock.wall());
    audited(context, journal, {
      source: by,
      category: "trip",
      type: "reset",
      result: "success",
      detail: `${scope}: ${reason}`,
    });
    return lifted;
  });
}

function notTripped(scope: Scope, trips: readonly TripStatus[]): string {
  const others = trips.length === 0 ? "nothing is tripped" : `tripped: ${trips.map((trip) => trip.scope).join(", ")}`;
  return `${scope}: found no trip, expected one to lift (${others})`;
}

function told(context: Context, lifted: readonly TripStatus[]): ExitCode {
  if (context.flag("json")) context.print(JSON.stringify({ lifted }));
  else
    for (const { scope, cause, detail, since } of lifted)
      context.print(printable(`Reset ${scope}, tripped since ${moment(since)}: ${cause}: ${detail}`, 1000));
  return 0;
}
