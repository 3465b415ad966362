/** The part of a vendor sheet on deep queries: what a person may ask of a device by hand, in a window, with its exact bytes. */
import type { Profile } from "../src/config/schema/profile.ts";
import { deepReads, type DeepRead, type DeepReadId } from "../src/domain/deep-reads.ts";
import type { Method } from "../src/domain/driver.ts";
import { formatDuration } from "../src/domain/duration.ts";
import { deepQuerySlotsMax, limits } from "../src/domain/limits.ts";
import { opcuaServerNodes } from "../src/domain/opcua.ts";
import { methods } from "../src/drivers/registry.ts";
import { frameLines } from "./vendor-frames.ts";
import { exampleOf, opcuaFactsOf, placeOf, text, upperFirst } from "./vendor-words.ts";

/** Empty where the profile offers nothing. */
export function deepSection(profile: Profile): readonly string[] {
  if (profile.deepQuery.length === 0) return [];
  return ["", "## By hand alone, in a deep query", "", ...conditions, ...profile.deepQuery.flatMap((offer) => readSection(profile, offer))];
}

const conditions = [
  "No schedule sends any of this. A person at the plant begins it, for devices named one by one, and watches it, inside a window that somebody",
  "has opened for it with a reason; and only what the owner has agreed to by name and approved with these bytes.",
  `Each question goes once, between two of the requests above and at least ${formatDuration(limits.intervalFloor)} from either. The first that fails ends it, and of a`,
  "family one device is asked first.",
];

function readSection(profile: Profile, { read, reason, slots, interfaces }: Profile["deepQuery"][number]): readonly string[] {
  const { method: id, words, counts } = deepReads[read];
  const method = methods.get(id);
  const deep: DeepRead = { read, ...(counts && { number: counts === "slots" ? 0 : 1 }) };
  const made = method && exampleOf(profile, method, deep);
  if (method === undefined || made === undefined) return [];
  const needs = profile.methods[id]?.decision === "ask" ? ` Only where the owner has agreed to \`${id}\` too.` : "";
  const most = counts === "slots" ? (slots ?? deepQuerySlotsMax) : interfaces;
  const many =
    counts === undefined
      ? ""
      : ` One request for each of the ${counts} that the owner has ${counts === "slots" ? "named (in racks where none of these holds a module of safety)" : "counted"}${most === undefined ? "" : `, at most ${most}`}; the first is shown.`;
  return [
    "",
    `### \`${read}\``,
    "",
    `${upperFirst(words)} ${upperFirst(text(reason))}${needs}${many}`,
    "",
    `${upperFirst(sentence(read, method, made))} ${placeOf(method)}`.trimEnd(),
    "",
    "```",
    ...framesOf(read, method, made),
    "```",
  ];
}

/** Within a session that a heartbeat keeps, only the question itself. */
function sentence(read: DeepReadId, method: Method, ask: unknown): string {
  const { within, takesSession } = deepReads[read];
  if (takesSession === undefined)
    return `${method.describe(ask)}${within === undefined ? "" : "; where a heartbeat keeps a session, the question alone, which is the last frame below, goes within it"}`;
  return `Read of the values of ${opcuaServerNodes.length} nodes of the standard's own namespace, within the session that a heartbeat keeps`;
}

/** Where a heartbeat's session is to be had, the question as it stands in it too. */
function framesOf(read: DeepReadId, method: Method, ask: unknown): readonly string[] {
  const { within, takesSession } = deepReads[read];
  const phases = takesSession ? [method.asking(ask)] : [method.opening(ask), method.asking(ask), method.closing(ask)];
  const facts = opcuaFactsOf(method);
  const alone = phases.flatMap(({ templates }) => templates.flatMap((one) => frameLines(one, facts, goesOn[read])));
  if (within === undefined || takesSession || facts === undefined) return alone;
  return [...alone, ...method.asking(ask).templates.flatMap((one) => frameLines(one, { ...facts, withinSession: true }))];
}

/** What stands in a byte that is the device's own word, where it goes on with a long answer. */
const goesOn: Readonly<Partial<Record<DeepReadId, string>>> = {
  "modbus-identification-regular": "object with which the device goes on, at first 0",
  "modbus-identification-extended": "object with which the device goes on, at first 0x80",
  "s7-components": "component",
  "snmp-bridge-table": "hardware address behind which it goes on, in the digits of an object id",
};
