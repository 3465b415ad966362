/** The pure half of S7: what may be asked, as exact frames. */
import type { DeepReadId } from "../../domain/deep-reads.ts";
import type { Method, MethodInput } from "../../domain/driver.ts";
import { deepQueryPartsMax } from "../../domain/limits.ts";
import type { Operation } from "../../domain/operations.ts";
import type { Allowance } from "../../domain/plan.ts";
import {
  s7Areas,
  s7ByteMax,
  s7BytesMax,
  s7BytesName,
  s7BytesOf,
  s7Component,
  s7ConnectionTypes,
  s7DbMax,
  s7Lists,
  s7RackMax,
  s7SlotMax,
  type S7Bytes,
  type S7List,
  type S7Route,
} from "../../domain/s7.ts";
import { frameTemplate, longest, type FrameTemplate } from "../../domain/template.ts";

/** One system status list, whole. */
export interface ListAsk {
  readonly what: "list";
  readonly route: S7Route;
  readonly list: S7List;
}

export interface BytesAsk {
  readonly what: "bytes";
  readonly route: S7Route;
  readonly bytes: S7Bytes;
}

export type S7Ask = ListAsk | BytesAsk;

/** Where the PDU reference stands: the library's counter, and in the setup whatever its memory held (measured). */
const referenceAt = 11;

/** ISO-on-TCP (RFC 1006). */
const port = 102;
const nothing: Allowance = Object.freeze({ connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: Object.freeze([]) });

const cpuStatus: Method<S7Ask> = {
  id: "s7-cpu-status",
  protocol: "s7",
  transport: "tcp",
  defaultPort: port,
  // The list is kept by the CPU; a communication processor only passes the question on.
  proves: "cpu",
  parse(input) {
    const problems = [...strayProblems(input, "register", "the operating mode is read, no bytes"), ...routeProblems(input.s7)];
    return problems.length > 0 ? { problems } : { ask: Object.freeze({ what: "list", route: input.s7!, list: listOf(input.deep) }) };
  },
  opening: ({ route }) => opening(route),
  asking: (ask) => listAsking(ask.what === "list" ? ask.list : "mode"),
  closing: () => nothing,
  describe: (ask) => describeAsk(ask),
};

const read: Method<S7Ask> = {
  id: "s7-read",
  protocol: "s7",
  transport: "tcp",
  defaultPort: port,
  proves: "cpu",
  parse(input) {
    const { bytes, s7: route } = input;
    const problems = [...strayProblems(input), ...routeProblems(route), ...(bytes === undefined ? [missingBytes] : bytesProblems(bytes))];
    if (problems.length > 0) return { problems };
    return { ask: Object.freeze({ what: "bytes", route: route!, bytes: Object.freeze({ ...bytes! }) }) };
  },
  opening: ({ route }) => opening(route),
  asking: (ask) => (ask.what === "bytes" ? bytesAsking(ask.bytes) : nothing),
  closing: () => nothing,
  describe: (ask) => describeAsk(ask),
};

export const s7Methods: readonly Method<S7Ask>[] = [cpuStatus, read];

/** A heartbeat asks for the mode, a deep query for what it names. */
function listOf(deep: MethodInput["deep"]): S7List {
  if (deep === undefined) return "mode";
  return listsOfReads.get(deep.read) ?? "module";
}

const listsOfReads: ReadonlyMap<DeepReadId, S7List> = new Map<DeepReadId, S7List>([
  ["s7-components", "components"],
  ["s7-protection", "protection"],
]);

/**
 * What a CPU says of itself, for whoever asks by hand: one list, one exchange. No heartbeat asks for it, because it would double what a
 * fresh check reads, and which lists cost a CPU nothing is not documented.
 */
export function identityAsk(route: S7Route, list: Exclude<S7List, "mode">): ListAsk {
  return Object.freeze({ what: "list", route, list });
}

const listNames: Readonly<Record<S7List, string>> = {
  mode: "operating mode",
  module: "module identification",
  components: "component identification",
  protection: "protection level",
};

/** `COTP connect TSAP 01.00 -> 03.02 (S7-basic, rack 0, slot 2), communication setup, read SZL 0x0424 (operating mode)`. */
function describeAsk(ask: S7Ask): string {
  const { route } = ask;
  const who = route.connectionType === "op" ? "OP, by the owner's statement" : "S7-basic";
  const [type, place] = calledTsap(route);
  const connect = `COTP connect TSAP 01.00 -> ${hexByte(type)}.${hexByte(place)} (${who}, rack ${route.rack}, slot ${route.slot})`;
  return `${connect}, communication setup, ${ask.what === "list" ? `read ${listName(ask.list)} (${listNames[ask.list]})${restWords(ask.list)}` : bytesWords(ask.bytes)}`;
}

/** `SZL 0x0232 index 4`. @param component asked for by itself */
export function listName(list: S7List, component?: number): string {
  const { id, index } = component === undefined ? s7Lists[list] : { id: s7Component.id, index: component };
  return `SZL 0x${hexOf(id, 4)}${index === 0 ? "" : ` index ${index}`}`;
}

function restWords(list: S7List): string {
  if (list !== "components") return "";
  const { id, least, most } = s7Component;
  return `; where one PDU does not hold it, the rest in further requests: SZL 0x${hexOf(id, 4)} with an index from ${least} to ${most} each, at most ${deepQueryPartsMax} in all`;
}

function bytesWords({ value, bit, ...bytes }: S7Bytes): string {
  const as = value === undefined ? "" : ` as ${value.type === "bit" ? `bit ${bit ?? 0}` : value.type}`;
  return `read ${s7BytesName(bytes)}${as}`;
}

/** Rack and slot as every S7 client packs them: 32 slots a rack. */
export function calledTsap({ rack, slot, connectionType }: S7Route): readonly [type: number, place: number] {
  return [s7ConnectionTypes[connectionType], rack * 0x20 + slot];
}

/** The connection, its COTP request and the S7 setup. */
function opening(route: S7Route): Allowance {
  const [type, place] = calledTsap(route);
  const connect = template("s7-connect", `0300 0016 11 e0 0000 0001 00 c0010a c1020100 c202${hexByte(type)}${hexByte(place)}`);
  const bytesMax = connect.bytes.length + setup.bytes.length;
  return Object.freeze({ connectionsMax: 1, requestsMax: 2, bytesMax, templates: Object.freeze([connect, setup]) });
}

/** One job at a time each way, a PDU of 480 bytes. */
const setup: FrameTemplate = template("s7-setup", "0300 0019 02f080 32 01 0000 0000 0008 0000 f0 00 0001 0001 01e0", "reference");

function listAsking(list: S7List): Allowance {
  const { id, index } = s7Lists[list];
  const whole = listTemplate(id, index, "reference");
  return oneOf(list === "components" ? [whole, listTemplate(s7Component.id, s7Component.least, "reference and index")] : [whole]);
}

function listTemplate(id: number, index: number, free: Free): FrameTemplate {
  const what = `${hexOf(id, 4)} ${hexOf(index, 4)}`;
  return template("s7-read-szl", `0300 0021 02f080 32 07 0000 0000 0008 0008 000112 04 11 44 01 00 ff 09 0004 ${what}`, free);
}

/** The address counts bits. */
function bytesAsking({ area, db, byte, count }: S7Bytes): Allowance {
  const what = `${hexOf(count, 4)} ${hexOf(db, 4)} ${hexByte(s7Areas[area])} ${hexOf(byte * 8, 6)}`;
  return oneOf([template("s7-read-area", `0300 001f 02f080 32 01 0000 0000 000e 0000 04 01 12 0a 10 02 ${what}`, "reference")]);
}

/** The index is the frame's last byte. */
type Free = "reference" | "reference and index";

/** @param frame in hexadecimal, as it stands on the wire */
function template(operation: Operation, frame: string, free?: Free): FrameTemplate {
  const bytes = Uint8Array.from(frame.replaceAll(" ", "").match(/../gu) ?? [], (digits) => Number.parseInt(digits, 16));
  const mask = new Uint8Array(bytes.length).fill(0xff);
  if (free) mask.fill(0x00, referenceAt, referenceAt + 2);
  if (free === "reference and index") mask[mask.length - 1] = 0x00;
  return frameTemplate(operation, bytes, mask);
}

/** One of them in one exchange. */
function oneOf(templates: readonly FrameTemplate[]): Allowance {
  const bytesMax = Math.max(...templates.map(longest));
  return Object.freeze({ connectionsMax: 0, requestsMax: 1, bytesMax, templates: Object.freeze([...templates]) });
}

/** @param register `register` where bytes are none of the method's business either */
function strayProblems({ unitId, register, bytes }: MethodInput, also?: "register", why = ""): string[] {
  return [
    ...(unitId === undefined ? [] : [`unitId: found ${unitId}, expected none: S7 has no units`]),
    ...(register === undefined ? [] : ["register: found a Modbus register, expected bytes of an S7 CPU: area, db and byte"]),
    ...(also === undefined || bytes === undefined ? [] : [`register: found one, expected none: ${why}`]),
  ];
}

function routeProblems(route: S7Route | undefined): readonly string[] {
  if (route === undefined)
    return [
      "s7: missing, expected where the CPU stands, such as s7: {rack: 0, slot: 2} beside the device's address (S7-300 0/2, S7-400 mostly 0/3, S7-1200 and S7-1500 0/1)",
    ];
  return [...rangeProblems("rack", route.rack, 0, s7RackMax), ...rangeProblems("slot", route.slot, 0, s7SlotMax)];
}

const missingBytes = "register: missing, expected the bytes to read: area, db and byte of a liveness register";

function bytesProblems({ area, db, byte, count, value, bit }: S7Bytes): readonly string[] {
  const problems = [
    ...rangeProblems("byte", byte, 0, s7ByteMax),
    ...rangeProblems("count", count, 1, s7BytesMax),
    ...(area === "DB" ? rangeProblems("db", db, 1, s7DbMax) : rangeProblems(`db of area ${area}`, db, 0, 0)),
  ];
  if (problems.length === 0 && byte + count - 1 > s7ByteMax)
    problems.push(`byte: found ${byte} and ${count} on, expected an end at ${s7ByteMax}`);
  if (value !== undefined && count !== s7BytesOf(value.type))
    problems.push(`count: found ${count}, expected ${s7BytesOf(value.type)} for one ${value.type}`);
  if (value?.type === "bit") problems.push(...rangeProblems("bit", bit ?? -1, 0, 7));
  return problems;
}

function rangeProblems(what: string, found: number, least: number, most: number): string[] {
  if (Number.isInteger(found) && found >= least && found <= most) return [];
  return [`${what}: found ${found}, expected ${least === most ? most : `${least} to ${most}`}`];
}

function hexByte(byte: number): string {
  return hexOf(byte, 2).toUpperCase();
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
