/** Asks a device now, through the running poller's gate: never early, and within every budget. */
import type { CheckOutcome } from "../../domain/control.ts";
import { formatDuration } from "../../domain/duration.ts";
import { methodIds, type MethodId } from "../../domain/operations.ts";
import { printable } from "../../domain/printable.ts";
import { milliseconds, seconds } from "../../domain/units.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { nearest } from "../nearest.ts";
import { nobodyRuns, pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { inWords } from "../words.ts";
import { moment } from "../text.ts";

export const check: Command = {
  name: "check",
  words: [{ name: "device", required: true }],
  options: {
    method: { type: "text", value: "<method>", summary: "only this method (default: every check of the device)" },
  },
  examples: [
    ["watchkeeper check fresh-water-plc", "ask it now and print what it says, or the reason why not and when it can be asked"],
    ["watchkeeper check fresh-water-plc --method modbus-fc43 --json", "one method, as JSON"],
  ],
  more: "Needs a running poller: only it knows when the device was last asked. Exit code 0 when every check was answered and nothing is degraded.",
  async run(context) {
    const device = context.words[0]!;
    const method = methodOf(context);
    const settings = settingsOf(context);
    if ("problems" in settings) return failed(context, settings.problems);
    // Every check of the device, one after the other: each may wait for its line and for its answer.
    const asked = await pollerOf(context, settings.stateDir).ask("check", { device, ...(method ? { method } : {}) }, seconds(300));
    if (asked.kind === "nobody") return failed(context, [nobodyRuns(settings.stateDir)]);
    if (asked.kind === "trouble") return failed(context, [asked.detail]);
    if (!asked.reply.ok) return failed(context, asked.reply.problems);
    const { outcomes } = asked.reply.result;
    if (context.flag("json")) context.print(JSON.stringify(asked.reply.result, undefined, 2));
    else for (const outcome of outcomes) context.print(printable(told(outcome, context), 1000));
    return exitCode(outcomes);
  },
};

function methodOf(context: Context): MethodId | undefined {
  const typed = context.text("method");
  if (typed === undefined) return undefined;
  const method = methodIds.find((id) => id === typed);
  if (method) return method;
  const near = nearest(typed, methodIds);
  throw new WrongUsage(
    `--method: found "${typed}", ${near === undefined ? `expected one of ${methodIds.join(", ")}` : `did you mean ${near}?`}`,
  );
}

function told(outcome: CheckOutcome, { clock }: Pick<Context, "clock">): string {
  switch (outcome.kind) {
    case "answered":
      return `${outcome.check}: ${said[outcome.said]} within ${formatDuration(milliseconds(outcome.tookMs))}${outcome.detail === "" ? "" : `: ${outcome.detail}`}`;
    case "failed":
      return `${outcome.check}: failed: ${inWords(outcome.failure)}${outcome.detail === "" ? "" : ` (${outcome.detail})`}`;
    case "refused":
      return `${outcome.check}: not asked: ${inWords(outcome.reason)}${outcome.detail === "" ? "" : ` (${outcome.detail})`}${when(outcome.retryAt, clock.wall())}`;
  }
}

const said = {
  alive: "answered",
  degraded: "answered DEGRADED",
  gateway_only: "the gateway answered, the device behind it did not,",
} as const;

function when(retryAt: string | null, now: number): string {
  if (retryAt === null) return ". It can be asked only after a person acts: `watchkeeper explain` says how";
  const left = formatDuration(milliseconds(Math.max(0, Date.parse(retryAt) - now)));
  return `. It can be asked in ${left}, at ${moment(retryAt)}`;
}

function exitCode(outcomes: readonly CheckOutcome[]): ExitCode {
  const good = outcomes.length > 0 && outcomes.every((outcome) => outcome.kind === "answered" && outcome.said === "alive");
  return good ? 0 : 1;
}
