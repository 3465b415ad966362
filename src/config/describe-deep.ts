/** What a deep query may ask, in words and bytes, for the person who approves it. */
import { deepReadIds, deepReads } from "../domain/deep-reads.ts";
import { formatDuration } from "../domain/duration.ts";
import type { Check, CheckId, DeviceId, Plan, PlannedDevice, ProfileId } from "../domain/plan.ts";
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
    ...refused.flatMap(({ check, reason, detail, templates }) => [
      `${check}: not asked: ${reason}: ${detail}`,
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

/** Of one family: which reads are asked of how many devices, and which that the site agreed to are not, by reason. */
export function deepSummary({ deep, deepRefused, devices }: Plan, profile: ProfileId): readonly string[] {
  const own = ({ device }: { readonly device: DeviceId }): boolean => devices.get(device)?.profile === profile;
  const asked = [...deep.values()].filter(own).map((check) => ({ device: check.device, read: check.deep!.read }));
  const refused = [...Map.groupBy([...deepRefused.values()].filter(own), ({ reason }) => reason)].map(
    ([reason, all]) => `${reason}: ${readWords(all.map(({ check, device }) => ({ device, read: readOf(check) })))}`,
  );
  return [
    ...(asked.length === 0
      ? []
      : [
          `a deep query may ask, begun by a person in its window: ${readWords(asked)}; every byte of it: watchkeeper deep-query DEVICE --dry-run`,
        ]),
    ...(refused.length === 0 ? [] : [`agreed to for a deep query and not asked: ${refused.join("; ")}`]),
  ];
}

/** Of a check's id, such as `plc-1/deep-enip-slots-3`. */
function readOf(check: CheckId): string {
  return deepReadIds.find((read) => new RegExp(`/deep-${read}(?:-\\d+)?(?:#\\d+)?$`, "u").test(check)) ?? check;
}

function readWords(asked: readonly { readonly device: DeviceId; readonly read: string }[]): string {
  const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;
  const words = [...Map.groupBy(asked, ({ read }) => read)].map(([read, all]) => {
    const devices = new Set(all.map(({ device }) => device)).size;
    return `${read} (${all.length === devices ? "" : `${counted(all.length, "question")}, `}${counted(devices, "device")})`;
  });
  return words.join(", ");
}

/** Of a question that is asked in its heartbeat's session; nothing where it never is. */
export function sessionWords({ within, asking }: Pick<Check, "within" | "asking">): readonly string[] {
  if (within === undefined) return [];
  const asked = asking.templates.map(({ operation }) => operation).join(", ");
  return [`in the session of ${within}, where that stands: ${asked} alone; otherwise over a connection of its own`];
}
