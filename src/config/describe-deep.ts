/** What a deep query may ask, in words and bytes, for the person who approves it. */
import { deepReads } from "../domain/deep-reads.ts";
import { formatDuration } from "../domain/duration.ts";
import type { Check, DeviceId, Plan, PlannedDevice } from "../domain/plan.ts";
import type { FrameTemplate } from "../domain/template.ts";
import { milliseconds } from "../domain/units.ts";

export const mayBeAsked: string = "What a deep query may ask, by a person and in its window";

/** Of these devices; without them of all. What waits for approval too: with what stands against it. */
export function describeDeep(
  { deep, deepRefused }: Plan,
  frame: (template: FrameTemplate) => string,
  devices?: ReadonlySet<DeviceId>,
): readonly string[] {
  const named = (device: DeviceId): boolean => devices === undefined || devices.has(device);
  const asked = [...deep.values()].filter(({ device }) => named(device));
  const refused = [...deepRefused.values()].filter(({ device }) => named(device));
  return [
    ...asked.flatMap((check) => [
      `${check.id}: ${check.deep === undefined ? "" : deepReads[check.deep.read].words}`,
      ...sessionWords(check).map((line) => `  ${line}`),
      ...[check.opening, check.asking, check.closing].flatMap(({ templates }) => templates.map((template) => `  frame ${frame(template)}`)),
    ]),
    ...refused.flatMap(({ check, reason, templates }) => [
      `${check}: not asked: ${reason}`,
      ...templates.map((template) => `  frame ${frame(template)}`),
    ]),
  ];
}

/** What a deep query of the device means for its heartbeats, one line each; nothing where it may be asked nothing more. */
export function turnLines({ checks, deep }: Plan, { id, checks: own }: Pick<PlannedDevice, "id" | "checks">): readonly string[] {
  const questions = [...deep.values()].filter(({ device }) => device === id);
  const beats = own.flatMap((check) => checks.get(check) ?? []);
  const [first] = questions;
  const rest = first?.floor?.gap;
  if (rest === undefined || beats.length === 0) return [];
  const every = milliseconds(1 / beats.reduce((sum, { interval }) => sum + 1 / interval, 0));
  const goodbyes = beats.some((beat) => beat.connection === "kept" && beat.closing.requestsMax > 0);
  const turn =
    every < 2 * rest
      ? `a heartbeat comes every ${formatDuration(every)}, and ${formatDuration(rest)} of rest lie between any two requests: each question has the turn of a heartbeat, which comes a slot or two later`
      : `a heartbeat comes every ${formatDuration(every)}: each question comes between two of them, ${formatDuration(rest)} from either`;
  const gaveBack =
    "the session that a heartbeat keeps is given back before each question, with a goodbye that has its rest too, and opened again by the next heartbeat";
  return [turn, ...(goodbyes && questions.some(({ within }) => within === undefined) ? [gaveBack] : [])];
}

/** Of a question that is asked in its heartbeat's session; nothing where it never is. */
export function sessionWords({ within, asking }: Pick<Check, "within" | "asking">): readonly string[] {
  if (within === undefined) return [];
  const asked = asking.templates.map(({ operation }) => operation).join(", ");
  return [`in the session of ${within}, where that stands: ${asked} alone; otherwise over a connection of its own`];
}
