/** What a deep query may ask, in words and bytes, for the person who approves it. */
import { deepReads } from "../domain/deep-reads.ts";
import type { Check, DeviceId, Plan } from "../domain/plan.ts";
import type { FrameTemplate } from "../domain/template.ts";

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

/** Of a question that is asked in its heartbeat's session; nothing where it never is. */
export function sessionWords({ within, asking }: Pick<Check, "within" | "asking">): readonly string[] {
  if (within === undefined) return [];
  const asked = asking.templates.map(({ operation }) => operation).join(", ");
  return [`in the session of ${within}, where that stands: ${asked} alone; otherwise over a connection of its own`];
}
