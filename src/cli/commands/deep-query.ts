/** Asks devices more than the heartbeat does, inside a maintenance window, while a person watches. */
import type { Compiled } from "../../config/compile/compile.ts";
import { sessionWords, turnLines } from "../../config/describe-deep.ts";
import { frameText } from "../../config/describe.ts";
import { requestWords } from "../../config/request-words.ts";
import { nothingAgreed, readsInVain } from "../../domain/deep-agreed.ts";
import { notAcknowledged } from "../../domain/deep-control.ts";
import { deepReadName } from "../../domain/deep-reads.ts";
import { formatDuration } from "../../domain/duration.ts";
import { deepQueryDevicesMax, deepQueryFirstWait } from "../../domain/limits.ts";
import type { Check, DeviceId } from "../../domain/plan.ts";
import { printable } from "../../domain/printable.ts";
import { standingReasons } from "../../domain/reasons.ts";
import { templateJson } from "../../domain/template.ts";
import { after, milliseconds, type Milliseconds } from "../../domain/units.ts";
import type { Command, Context, ExitCode } from "../command.ts";
import type { ControlClient } from "../control-client.ts";
import { nobodyRuns, pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { plannedSite } from "../site.ts";
import { counted, moment, wrapped } from "../text.ts";
import { objectionsOf, wanted } from "../wanted.ts";
import { windowLine } from "../window-view.ts";

const warning =
  "A deep query asks devices for more than the heartbeat that they were approved with. A controller may take longer over it, and firmware has been known " +
  "to fault on requests that it rarely gets. Do it when the process can do without the device: in a test or maintenance phase, with somebody beside it who " +
  "can restart it, and after the same was tried on a device that controls nothing. Know that nothing is written, that one device of a family is asked first, " +
  "and that Ctrl-C, `watchkeeper stop` and the end of the window each end it within a second.";

/** Without these nothing is asked, but for a dry run. */
const signs = {
  by: "who asks, and watches",
  reason: "why",
  differences: 'how what it was tried on differs from these devices, or "none"; the record has a field for it',
} as const;

export const deepQuery: Command = {
  name: "deep-query",
  plans: true,
  words: [{ name: "device", required: true, many: true }],
  options: {
    by: { type: "text", value: "<name>", summary: "who asks, and watches" },
    reason: { type: "text", value: "<text>", summary: "why" },
    differences: {
      type: "text",
      value: "<text>",
      summary: 'how what it was tried on differs from these devices: "none, the same model and firmware", or what does',
    },
    change: { type: "text", value: "<reference>", summary: "of the owner's management of change" },
    "acknowledge-risk": { type: "flag", summary: "the warning in this help was read; needed for the first deep query of a site" },
    "dry-run": { type: "flag", summary: "print the exact requests and send nothing; needs no poller and no window" },
  },
  examples: [
    ["watchkeeper deep-query fresh-water-plc --dry-run", "the exact bytes of every request, and what is not asked and why"],
    [
      'watchkeeper deep-query fresh-water-plc bilge-plc --by eto-1 --reason "yearly survey" --differences "none, tried on the spare M221" --acknowledge-risk',
      "asks both, tells how it goes, and leaves a record in JSON and HTML in the state folder",
    ],
  ],
  more:
    `${warning} At most ${deepQueryDevicesMax} devices a run; what is read is what the site's profile file agrees to under deepQuery and its approval covers. ` +
    `Each question comes between two heartbeats; after the first device of a family the others wait ${formatDuration(deepQueryFirstWait)}. ` +
    "Exit code 0 when everything was answered, 1 when anything was not.",
  objections: (written) => {
    if (written.flag("dry-run")) return [];
    return objectionsOf(
      ...Object.entries(signs).map(
        ([option, what]) =>
          () =>
            wanted(written, option, what),
      ),
    );
  },
  run(context) {
    if (context.flag("dry-run")) return Promise.resolve(shown(context));
    return asked(context);
  },
};

function shown(context: Context): ExitCode {
  const planned = plannedSite(context);
  if ("inFiles" in planned || planned.problems.length > 0) return failed(context, planned.problems);
  const { compiled } = planned;
  const devices = context.words as readonly DeviceId[];
  const strangers = devices.filter((id) => !compiled.plan.devices.has(id));
  if (strangers.length > 0)
    return failed(
      context,
      strangers.map((id) => `${id}: found no such device in the watchlist`),
    );
  if (context.flag("json")) context.print(JSON.stringify(requestsJson(compiled, devices), undefined, 2));
  else for (const line of devices.flatMap((id) => requestLines(context, compiled, id))) context.print(printable(line, 4000));
  return 0;
}

function requestLines({ methods }: Context, { plan }: Compiled, id: DeviceId): readonly string[] {
  const checks = [...plan.deep.values()].filter(({ device }) => device === id);
  const refused = [...plan.deepRefused.values()].filter(({ device }) => device === id);
  const device = plan.devices.get(id)!;
  const without = checks.length + refused.length === 0 ? [nothingAgreed(plan, device)] : readsInVain(plan, device);
  return [
    `${id}: ${counted(checks.length, "question")}`,
    ...turnLines(plan, plan.devices.get(id)!).map((line) => `  ${line}`),
    ...checks.flatMap((check) => [
      `  ${deepReadName(check.deep!)}: ${requestWords(check, methods)}`,
      `    to ${check.target.address}${check.target.port > 0 ? `:${check.target.port}` : ""} over ${check.target.transport}, not again within ${formatDuration(check.interval)}`,
      ...sessionWords(check).map((line) => `    ${line}`),
      ...framesOf(check).map((frame) => `    ${frameText(frame)}`),
    ]),
    ...refused.flatMap(({ check, reason, detail, templates }) => [
      `  not asked: ${check}: ${reason} (${standingReasons[reason]}): ${detail}`,
      ...templates.map((frame) => `    would be ${frameText(frame)}`),
    ]),
    ...without.map((words) => `  not asked: ${words.slice(`${id}: `.length)}`),
  ];
}

function framesOf({ opening, asking, closing }: Check): readonly Check["asking"]["templates"][number][] {
  return [opening, asking, closing].flatMap(({ templates }) => templates);
}

function requestsJson({ plan }: Compiled, devices: readonly DeviceId[]): object {
  const named = new Set<string>(devices);
  return {
    schema: "deep-query-requests/v1",
    planDigest: plan.digest,
    requests: [...plan.deep.values()]
      .filter(({ device }) => named.has(device))
      .map((check) => ({
        check: check.id,
        device: check.device,
        read: deepReadName(check.deep!),
        target: check.target,
        frames: framesOf(check).map(templateJson),
      })),
    refused: [...plan.deepRefused.values()]
      .filter(({ device }) => named.has(device))
      .map(({ check, device, reason, detail }) => ({ check, device, reason, detail })),
    // Agreed to, and no heartbeat of the device goes with it.
    inVain: devices.flatMap((id) => readsInVain(plan, plan.devices.get(id)!)),
  };
}

async function asked(context: Context): Promise<ExitCode> {
  const request = {
    devices: context.words,
    by: context.required("by"),
    reason: context.required("reason"),
    differences: context.required("differences"),
    acknowledged: context.flag("acknowledge-risk"),
  };
  const change = context.text("change");
  const settings = settingsOf(context);
  if ("problems" in settings) return failed(context, settings.problems);
  const poller = pollerOf(context, settings.stateDir);
  // Before it has begun there is nothing to end: then Ctrl-C ends the command as always.
  const begun = await poller.ask("deep-query", { ...request, ...(change !== undefined && { change }) });
  if (begun.kind === "nobody") return failed(context, [`${nobodyRuns(settings.stateDir)}. Nothing was sent`]);
  if (begun.kind === "trouble") return failed(context, [begun.detail]);
  if (!begun.reply.ok) {
    if (begun.reply.problems.includes(notAcknowledged)) for (const line of wrapped(warning, 100)) context.warn(line);
    return failed(context, [...begun.reply.problems, "Nothing was sent."]);
  }
  const { id, questions, windows } = begun.reply.result;
  const json = context.flag("json");
  if (!json) {
    context.print(`${id}: ${counted(context.words.length, "device")}, ${counted(questions, "question")}; Ctrl-C ends it`);
    for (const one of windows) context.print(windowLine(one, undefined));
  }
  return watched(context, poller, id, request.by);
}

/** Several times within what the poller waits before it takes the person for gone. */
const lookEvery: Milliseconds = milliseconds(400);

async function watched(context: Context, poller: ControlClient, id: string, by: string): Promise<ExitCode> {
  const json = context.flag("json");
  const said: { readonly at: string; readonly text: string }[] = [];
  const forget = context.onInterrupt(() => void poller.ask("deep-query-end", { id, by: `${by} (interrupted)` }));
  try {
    for (;;) {
      const looked = await poller.ask("deep-query-look", { id, seen: said.length });
      if (looked.kind !== "answered")
        return failed(context, [
          `${id}: the poller no longer answers${looked.kind === "trouble" ? ` (${looked.detail})` : ""}: it ends the deep query by itself`,
        ]);
      if (!looked.reply.ok) return failed(context, looked.reply.problems);
      const { running, news, ...end } = looked.reply.result;
      said.push(...news);
      if (!json) for (const { at, text } of news) context.print(printable(`${moment(at)}  ${text}`, 1000));
      if (!running) return ended(context, { id, said, ...end });
      await pause(context, lookEvery);
    }
  } finally {
    forget();
  }
}

interface End {
  readonly id: string;
  readonly said: readonly { readonly at: string; readonly text: string }[];
  readonly complete: boolean;
  readonly record: string | null;
  readonly problem: string | null;
  readonly cutShort: string | null;
}

function ended(context: Context, end: End): ExitCode {
  const { id, complete, record, problem, cutShort } = end;
  if (context.flag("json")) context.print(JSON.stringify({ schema: "deep-query-end/v1", ...end }, undefined, 2));
  else {
    if (cutShort !== null) context.warn(printable(`${id}: cut short: ${cutShort}`, 1000));
    if (problem !== null) context.warn(printable(problem, 1000));
    if (cutShort === null)
      context.print(`${id}: ${complete ? "complete: every question was answered" : "not complete: what is missing is told above"}`);
    if (record !== null) context.print(`Record: ${record}, and .json beside it`);
  }
  return complete && problem === null ? 0 : 1;
}

function pause({ clock }: Context, span: Milliseconds): Promise<void> {
  return new Promise((resolve) => void clock.at(after(clock.monotonic(), span), resolve));
}
