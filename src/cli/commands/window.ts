/** Opens, extends, closes and lists maintenance windows: by name, with a reason, always with an end. */
import { formatDuration, parseDuration } from "../../domain/duration.ts";
import type { ControlRequest, WindowDone } from "../../domain/control.ts";
import { windowLongest } from "../../domain/limits.ts";
import { parseInstant, type ReadInstant } from "../../domain/instant.ts";
import { printable } from "../../domain/printable.ts";
import { milliseconds } from "../../domain/units.ts";
import { isWindowKind, isWindowScope, windowKinds, type WindowKind, type WindowScope } from "../../domain/windows.ts";
import { WrongUsage, type Command, type Context, type ExitCode, type Written } from "../command.ts";
import type { Asked } from "../control-client.ts";
import { nobodyRuns, pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { moment } from "../text.ts";
import { wanted, objectionsOf } from "../wanted.ts";
import { windowLine } from "../window-view.ts";

export const window: Command = {
  name: "window",
  words: [
    { name: "open|extend|close|list", required: true },
    { name: "window", required: false },
  ],
  options: {
    kind: {
      type: "text",
      value: "<kind>",
      summary: "open: pause (nothing is asked), mute (alarms only) or deep-query (leave to ask more)",
    },
    scope: { type: "text", value: "<scope>", summary: "open: device:ID, segment:ID, zone:ID, profile:ID or site" },
    from: { type: "text", value: "<time>", summary: "open: when it begins (default: now), such as 2026-11-22T08:00+01:00" },
    until: { type: "text", value: "<time>", summary: "open, extend: when it ends, with its offset, or Z for UTC" },
    for: {
      type: "text",
      value: "<duration>",
      summary: "in place of --until, such as 2h: open: how long; extend: how much longer than it would have been",
    },
    by: { type: "text", value: "<name>", summary: "open, extend, close: your name, for the record" },
    reason: { type: "text", value: "<text>", summary: "open, extend, close: why, for the record" },
    change: { type: "text", value: "<reference>", summary: "open: of the owner's management of change" },
  },
  examples: [
    [
      'watchkeeper window open --kind pause --scope segment:hvac --for 2h --by eto-1 --reason "PLC firmware update"',
      "nothing of the segment is asked for 2 h",
    ],
    [
      'watchkeeper window open --kind deep-query --scope device:fresh-water-plc --from 2026-11-22T08:00+01:00 --until 2026-11-22T12:00+01:00 --by eto-1 --reason "yearly survey" --change MOC-117',
      "planned once, ahead",
    ],
    ['watchkeeper window extend w3 --for 1h --by eto-1 --reason "update takes longer"', "an hour longer than it would have been"],
    ['watchkeeper window close w3 --by eto-1 --reason "done early"', "it ends now"],
    ["watchkeeper window list", "what is open and planned"],
  ],
  more:
    "A pause gives kept connections back and begins 5 s later; when it ends, checks come back in their slots. Every time needs its offset: " +
    "a ship's clocks are set back at night. A window ends by itself and only a person extends it. " +
    "A clock that is set ends no pause early and makes nothing else last longer. Needs a running poller.",
  objections: (written) => {
    const [what, id] = written.words;
    const name = (): string => named(id);
    const by = (): string => byOf(written);
    const reason = (): string => reasonOf(written);
    const surplus = (): void => none(id);
    const begin = (): unknown => instantOf(written, "from");
    if (what === "open")
      return objectionsOf(
        surplus,
        () => kindOf(written),
        () => scopeOf(written),
        begin,
        () => endOf(written),
        by,
        reason,
      );
    if (what === "extend") return objectionsOf(name, () => endOf(written), by, reason);
    return what === "close" ? objectionsOf(name, by, reason) : [];
  },
  async run(context) {
    const [what = "nothing", id] = context.words;
    switch (what) {
      case "open":
        return opened(context);
      case "extend":
        return extended(context, id);
      case "close":
        return closed(context, id);
      case "list":
        return listed(context);
      default:
        throw new WrongUsage(`found ${what}, expected open, extend, close or list`);
    }
  },
};

function opened(context: Context): Promise<ExitCode> {
  const from = instantOf(context, "from");
  const end = endOf(context);
  const change = context.text("change");
  const offsetMinutes = from?.offsetMinutes ?? end.offsetMinutes;
  return told(context, "window-open", {
    kind: kindOf(context),
    scope: scopeOf(context),
    ...(from && { from: instant(from) }),
    ...end.request,
    ...(offsetMinutes !== undefined && { offsetMinutes }),
    ...signed(context),
    ...(change !== undefined && { change }),
  });
}

function extended(context: Context, id: string | undefined): Promise<ExitCode> {
  return told(context, "window-extend", { id: named(id), ...endOf(context).request, ...signed(context) });
}

function closed(context: Context, id: string | undefined): Promise<ExitCode> {
  return told(context, "window-close", { id: named(id), ...signed(context) });
}

async function listed(context: Context): Promise<ExitCode> {
  const reply = await ask(context, "window-list", {});
  if (typeof reply === "number") return reply;
  if (context.flag("json")) context.print(JSON.stringify(reply, undefined, 2));
  else if (reply.windows.length === 0) context.print("No maintenance window is open or planned.");
  else for (const one of reply.windows) context.print(windowLine(one, reply.now));
  return 0;
}

type Changing = "window-open" | "window-extend" | "window-close";

async function told<Name extends Changing>(context: Context, name: Name, request: ControlRequest<Name>): Promise<ExitCode> {
  const done: WindowDone | ExitCode = await ask(context, name, request);
  if (typeof done === "number") return done;
  if (context.flag("json")) {
    context.print(JSON.stringify(done, undefined, 2));
    return 0;
  }
  const { window: one, warnings } = done;
  context.print(name === "window-close" ? `Closed ${one.id}: ${one.kind} of ${one.scope}.` : windowLine(one, undefined));
  if (name === "window-open")
    context.print(`In it: ${windowKinds[one.kind]}. To end it: watchkeeper window close ${one.id} --by NAME --reason TEXT`);
  for (const warning of warnings) context.warn(printable(warning, 1000));
  return 0;
}

async function ask<Name extends Changing | "window-list">(
  context: Context,
  name: Name,
  request: ControlRequest<Name>,
): Promise<Extract<Extract<Asked<Name>, { kind: "answered" }>["reply"], { ok: true }>["result"] | ExitCode> {
  const settings = settingsOf(context);
  if ("problems" in settings) return failed(context, settings.problems);
  const asked = await pollerOf(context, settings.stateDir).ask(name, request);
  if (asked.kind === "nobody") return failed(context, [`${nobodyRuns(settings.stateDir)}. Nothing is asked while none runs`]);
  if (asked.kind === "trouble") return failed(context, [asked.detail]);
  return asked.reply.ok ? asked.reply.result : failed(context, asked.reply.problems);
}

function signed(context: Context): { readonly by: string; readonly reason: string } {
  return { by: byOf(context), reason: reasonOf(context) };
}

function byOf(written: Written): string {
  return wanted(written, "by", "your name, for the record");
}

function reasonOf(written: Written): string {
  return wanted(written, "reason", "why, for the record");
}

function none(surplus: string | undefined): void {
  if (surplus !== undefined) throw new WrongUsage(`"${surplus}" is one word too many: a new window is given its name`);
}

function named(id: string | undefined): string {
  if (id === undefined) throw new WrongUsage("<window> is missing: its name, such as w3, as `watchkeeper window list` shows it");
  return id;
}

function scopeOf(written: Written): WindowScope {
  const scope = wanted(written, "scope", "whom it is for: device:ID, segment:ID, zone:ID, profile:ID or site");
  if (isWindowScope(scope)) return scope;
  const meant = /^[a-z0-9][a-z0-9-]*$/u.test(scope) ? `; did you mean device:${scope}?` : "";
  throw new WrongUsage(`--scope: found "${scope}", expected device:ID, segment:ID, zone:ID, profile:ID or site${meant}`);
}

function kindOf(written: Written): WindowKind {
  const kind = wanted(written, "kind", `one of ${Object.keys(windowKinds).join(", ")}`);
  if (isWindowKind(kind)) return kind;
  throw new WrongUsage(`--kind: found "${kind}", expected one of ${Object.keys(windowKinds).join(", ")}`);
}

interface End {
  readonly request: { readonly until: string } | { readonly forMs: number };
  readonly offsetMinutes?: number;
}

function endOf(written: Written): End {
  const until = instantOf(written, "until");
  const span = written.text("for") ?? "";
  if (until !== undefined && span !== "") throw new WrongUsage("found both --for and --until, expected one: a window always has an end");
  if (until === undefined && span === "") throw new WrongUsage("--for or --until is missing: a window always has an end, such as --for 2h");
  if (until) return { request: { until: instant(until) }, offsetMinutes: until.offsetMinutes };
  const forMs = parseDuration(span);
  if (forMs === undefined || forMs === 0) throw new WrongUsage(`--for: found "${span}", expected a duration such as 90m, 2h or 3d`);
  const longest = milliseconds(Math.max(...Object.values(windowLongest)));
  if (forMs > longest)
    throw new WrongUsage(`--for: found "${span}", expected at most ${formatDuration(longest)}: a person may extend a window later`);
  return { request: { forMs } };
}

function instantOf({ clock, text: textOf }: Written, option: string): ReadInstant | undefined {
  const text = textOf(option);
  const read = text === undefined ? undefined : parseInstant(text);
  if (text !== undefined && !read)
    throw new WrongUsage(
      `--${option}: found "${text}", expected a day and a time with their offset, such as ${moment(new Date(clock.wall()).toISOString()).slice(0, 10)}T22:00+02:00, or Z for UTC`,
    );
  return read;
}

function instant({ at }: ReadInstant): string {
  return new Date(at).toISOString();
}
