/** What another plan would change, check by check: before an upgrade, a person sees what it makes looser, tighter, new or gone, and what the approvals still cover. */
import { z } from "zod";
import { formatDuration } from "../domain/duration.ts";
import { milliseconds } from "../domain/units.ts";
import { directions } from "./compile/direction.ts";
import type { CheckJson, PlanJson, RefusedJson } from "./plan-json.ts";

export type Change = "new" | "gone" | "looser" | "tighter" | "same";

export interface CheckChange {
  readonly check: string;
  /** `looser` where any figure is, and wherever bytes or place are others: nobody can tell those apart; and where it is asked from then on. */
  readonly change: Change;
  readonly figures: readonly string[];
  /** Undefined where it is not asked for this reason, in words; asked where absent. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface PlanChanges {
  readonly checks: readonly CheckChange[];
  /** Profiles whose `covers` is another: their approvals are held against it figure by figure. */
  readonly profiles: readonly string[];
}

const frames = z.array(z.object({ operation: z.string(), hex: z.string(), mask: z.string() }));
const phase = z.object({ connectionsMax: z.number(), requestsMax: z.number(), bytesMax: z.number(), frames });
const target = z.object({ address: z.string(), port: z.number(), transport: z.string(), localAddress: z.string().nullable() });
const asked = z.object({
  id: z.string(),
  target,
  intervalMs: z.number(),
  connection: z.enum(["fresh", "kept"]),
  connectWithinMs: z.number(),
  answerWithinMs: z.number(),
  opening: phase,
  asking: phase,
  closing: phase,
});
const refused = z.object({
  check: z.string(),
  reason: z.string(),
  detail: z.string(),
  frames,
  target: target.nullable(),
  intervalMs: z.number().nullable(),
  connection: z.enum(["fresh", "kept"]).nullable(),
  connectWithinMs: z.number().nullable(),
  answerWithinMs: z.number().nullable(),
});
const comparablePlan: z.ZodType<ComparablePlan> = z.object({
  schema: z.literal("plan/v1"),
  site: z.string(),
  profiles: z.array(z.object({ id: z.string(), covers: z.string() })),
  checks: z.array(asked),
  refused: z.array(refused),
});

/** The parts of plan/v1 that are compared; a reason of another version may be one that this one does not know. */
export interface ComparablePlan extends Pick<PlanJson, "schema" | "site" | "profiles"> {
  readonly checks: readonly Pick<
    CheckJson,
    "id" | "target" | "intervalMs" | "connection" | "connectWithinMs" | "answerWithinMs" | "opening" | "asking" | "closing"
  >[];
  readonly refused: readonly (Pick<
    RefusedJson,
    "check" | "detail" | "frames" | "target" | "intervalMs" | "connection" | "connectWithinMs" | "answerWithinMs"
  > & { readonly reason: string })[];
}

/** What `plan --json` of this or another version wrote; undefined where the value is none. */
export function readPlan(value: unknown): ComparablePlan | undefined {
  return comparablePlan.safeParse(value).data;
}

/** @param before as it is now @param after as it would be */
export function planChanges(before: ComparablePlan, after: ComparablePlan): PlanChanges {
  const [then, now] = [sidesOf(before), sidesOf(after)];
  const ids = [...new Set([...then.keys(), ...now.keys()])].toSorted();
  const covers = new Map(before.profiles.map((one) => [one.id, one.covers]));
  const used = after.profiles.filter((one) => covers.has(one.id) && covers.get(one.id) !== one.covers);
  return { checks: ids.map((check) => compared(check, then.get(check), now.get(check))), profiles: used.map(({ id }) => id).toSorted() };
}

/** One line for each check that changes, and one that counts. */
export function changeLines({ checks, profiles }: PlanChanges): readonly string[] {
  const changed = checks.filter(({ change, before, after }) => change !== "same" || before !== after);
  const counts = (["new", "gone", "looser", "tighter", "same"] as const).map(
    (change) => `${checks.filter((one) => one.change === change).length} ${change}`,
  );
  const lost = checks.filter(({ before, after, change }) => change !== "new" && before === undefined && after !== undefined).length;
  return [
    ...changed.map(lineOf),
    ...(changed.length === 0 ? ["Nothing changes."] : []),
    `${counts.join(", ")}; ${lost} no longer asked until somebody looks.`,
    ...(profiles.length === 0 ? [] : [`Profiles with other content: ${profiles.join(", ")}.`]),
  ];
}

function lineOf({ check, change, figures, before, after }: CheckChange): string {
  const what = figures.length === 0 ? change : `${change} (${figures.join("; ")})`;
  if (change === "gone") return `${check}: gone`;
  if (change === "new") return `${check}: new, ${after === undefined ? "and asked" : `not asked: ${after}`}`;
  if (after === undefined)
    return `${check}: ${what}; ${before === undefined ? "the approval covers it" : `asked from then on; now not: ${before}`}`;
  return before === undefined ? `${check}: ${what}; NO LONGER ASKED: ${after}` : `${check}: ${what}; not asked: ${after}`;
}

interface Side {
  readonly refused: string | undefined;
  readonly bytes: string;
  readonly place: string | undefined;
  readonly intervalMs: number | null;
  readonly connection: "fresh" | "kept" | null;
  readonly connectWithinMs: number | null;
  readonly answerWithinMs: number | null;
}

function sidesOf(plan: ComparablePlan): ReadonlyMap<string, Side> {
  const place = (one: { address: string; port: number; transport: string; localAddress: string | null } | null): string | undefined =>
    one === null ? undefined : `${one.address} ${one.transport}/${one.port} from ${one.localAddress ?? "anywhere"}`;
  const bytes = (all: readonly { hex: string; mask: string }[]): string => all.map(({ hex, mask }) => `${hex}/${mask}`).join(" ");
  return new Map([
    ...plan.checks.map((one): [string, Side] => [
      one.id,
      {
        ...one,
        refused: undefined,
        place: place(one.target),
        bytes: bytes([one.opening, one.asking, one.closing].flatMap((each) => each.frames)),
      },
    ]),
    ...plan.refused.map((one): [string, Side] => [
      one.check,
      { ...one, refused: `${one.reason}: ${one.detail}`, place: place(one.target), bytes: bytes(one.frames) },
    ]),
  ]);
}

function compared(check: string, before: Side | undefined, after: Side | undefined): CheckChange {
  if (before === undefined || after === undefined)
    return { check, change: before === undefined ? "new" : "gone", figures: [], before: before?.refused, after: after?.refused };
  const found = [
    ...figure("asked every", directions.intervalMinMs, before.intervalMs, after.intervalMs, span),
    ...figure("connection", directions.mode, before.connection, after.connection, String),
    ...figure("connect within", directions.connectWithinMs, before.connectWithinMs, after.connectWithinMs, span),
    ...figure("answer within", directions.answerWithinMs, before.answerWithinMs, after.answerWithinMs, span),
    ...other("other bytes", before.bytes, after.bytes),
    ...other("another place", before.place, after.place),
  ];
  const asked = before.refused !== undefined && after.refused === undefined;
  const change = asked || found.some(({ looser }) => looser) ? "looser" : found.length > 0 ? "tighter" : "same";
  return { check, change, figures: found.map(({ words }) => words), before: before.refused, after: after.refused };
}

interface Found {
  readonly looser: boolean;
  readonly words: string;
}

function figure<Value>(
  name: string,
  direction: { readonly looser: (a: Value, b: Value) => boolean },
  before: Value | null,
  after: Value | null,
  words: (value: Value) => string,
): readonly Found[] {
  // Null where that build cannot speak the method.
  if (before === null || after === null || before === after) return [];
  return [{ looser: direction.looser(after, before), words: `${name} ${words(before)}, then ${words(after)}` }];
}

function other(words: string, before: string | undefined, after: string | undefined): readonly Found[] {
  return before === undefined || after === undefined || before === after ? [] : [{ looser: true, words }];
}

function span(ms: number): string {
  return ms === 0 ? "0 s" : formatDuration(milliseconds(ms));
}
