/** What a deep query may ask, in words and bytes, for the person who approves it. */
import { deepReads } from "../domain/deep-reads.ts";
import type { DeviceId, Plan } from "../domain/plan.ts";
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
    ...asked.flatMap(({ id, deep: read, opening, asking, closing }) => [
      `${id}: ${read === undefined ? "" : deepReads[read.read].words}`,
      ...[opening, asking, closing].flatMap(({ templates }) => templates.map((template) => `  frame ${frame(template)}`)),
    ]),
    ...refused.flatMap(({ check, reason, templates }) => [
      `${check}: not asked: ${reason}`,
      ...templates.map((template) => `  frame ${frame(template)}`),
    ]),
  ];
}
