/** What an S7 CPU says of itself to a deep query: its order number and versions, its components by name, and how it is protected. */
import { MalformedReply } from "../../domain/driver.ts";
import type { Answer, Identity, SaidFact } from "../../domain/outcome.ts";
import { printable } from "../../domain/printable.ts";
import { s7Component, s7Lists } from "../../domain/s7.ts";
import { hex } from "../../domain/template.ts";
import type { SystemList } from "./decode.ts";

/** System Software for S7-300/400, System and Standard Functions, SZL W#16#xy11. */
const moduleNames: ReadonlyMap<number, string> = new Map([
  [0x01, "module"],
  [0x06, "basic hardware"],
  [0x07, "basic firmware"],
  [0x81, "firmware extension"],
]);
const moduleRecordBytes = 28;

/** Each record is an order number of 20 characters, the type of module, and a version in its last four bytes. */
export function moduleAnswer({ recordBytes, records, more }: SystemList): Answer {
  if (recordBytes !== moduleRecordBytes)
    throw new MalformedReply(`S7: module identification in records of ${recordBytes} bytes, expected ${moduleRecordBytes}`);
  const order = orderNumberOf(records.find((record) => indexOf(record) === 1));
  const firmware = records.find((record) => indexOf(record) === 7);
  const identity: Identity = {
    ...(order !== "" && { product: order }),
    ...(firmware?.[24] === letterV && { revision: firmware.subarray(25, 28).join(".") }),
  };
  const facts = records.map((record): SaidFact => {
    const index = indexOf(record);
    const said = [orderNumberOf(record), versionOf(record)].filter((text) => text !== "").join(", ");
    return [moduleNames.get(index) ?? `record 0x${hexOf(index)}`, said];
  });
  return { said: "alive", identity, facts, ...(more && { more }) };
}

const letterV = 0x56;

function orderNumberOf(record: Uint8Array | undefined): string {
  return record === undefined ? "" : textOf(record.subarray(2, 22));
}

/** A letter and up to three numbers, where a blank is none; otherwise the number of a release (of hardware). */
function versionOf(record: Uint8Array): string {
  const [letter, ...rest] = record.subarray(24, 28);
  if (letter! >= 0x41 && letter! <= 0x5a) return `${String.fromCharCode(letter!)}${rest.filter((byte) => byte !== 0x20).join(".")}`;
  return `release ${wordAt(record, 24)}`;
}

/** SZL W#16#xy1C. */
const componentNames: ReadonlyMap<number, string> = new Map([
  [1, "station name"],
  [2, "module name"],
  [3, "plant designation"],
  [4, "copyright"],
  [5, "serial number"],
  [6, "reserved for the operating system"],
  [7, "module type"],
  [8, "serial number of the memory card"],
  [9, "manufacturer and profile"],
  [10, "OEM id"],
  [11, "location designation"],
]);
const componentRecordBytes = 34;

/**
 * The name of the station (1) is the owner's and stays out of the identity.
 * @param from which component was asked for by itself; undefined: all, which stand in ascending order; what one PDU does not hold is asked for one by one
 */
export function componentsAnswer({ recordBytes, records, more }: SystemList, from?: number): Answer {
  if (recordBytes !== componentRecordBytes)
    throw new MalformedReply(`S7: component identification in records of ${recordBytes} bytes, expected ${componentRecordBytes}`);
  if (from !== undefined && (more || records.length !== 1 || indexOf(records[0]!) !== from))
    throw new MalformedReply(`S7: ${records.length} components where component ${from} was asked for`);
  const of = (index: number): string => textOf((records.find((record) => indexOf(record) === index) ?? new Uint8Array()).subarray(2));
  const [type, serial] = [of(7) || of(2), of(5)];
  const identity: Identity = { ...(type !== "" && { product: type }), ...(serial !== "" && { serial }) };
  const facts = records.map((record): SaidFact => {
    const index = indexOf(record);
    return [componentNames.get(index) ?? `component 0x${hexOf(index)}`, componentWords(index, record.subarray(2))];
  });
  const next = from === undefined ? (more ? componentAfter(Math.max(0, ...records.map(indexOf))) : undefined) : componentAfter(from);
  return { said: "alive", identity, facts, ...(more && { more }), ...(next !== undefined && { next }) };
}

/** Undefined after the last there is. */
export function componentAfter(index: number): number | undefined {
  return index < s7Component.most ? index + 1 : undefined;
}

/** 42 in the list of PROFIBUS and PROFINET International. */
const siemens = 0x002a;
const oemTextBytes = 26;

function componentWords(index: number, content: Uint8Array): string {
  if (index === 9) {
    const [manufacturer, profile, type] = [wordAt(content, 0), wordAt(content, 2), wordAt(content, 4)];
    const who = manufacturer === siemens ? " (Siemens)" : "";
    return `manufacturer 0x${hexOf(manufacturer)}${who}, profile 0x${hexOf(profile)}, type 0x${hexOf(type)}`;
  }
  if (index !== 10) return textOf(content) || "empty";
  const [text, id] = [textOf(content.subarray(0, oemTextBytes)), content.subarray(oemTextBytes)];
  return [text, ...(id.some((byte) => byte !== 0) ? [`0x${hex(id)}`] : [])].filter((part) => part !== "").join(", ") || "empty";
}

/** SZL W#16#0232, index 4: whatever follows these five words tells versions of the configuration. */
const protectionBytesMin = 12;
const levels: ReadonlyMap<number, string> = new Map([
  [1, "no protection"],
  [2, "write protection"],
  [3, "read and write protection"],
]);
const noPassword: ReadonlyMap<number, string> = new Map([[0, "no password"]]);
const unknown: ReadonlyMap<number, string> = new Map([[0, "not known, or there is none"]]);
const protectionFields: readonly (readonly [name: string, words: ReadonlyMap<number, string>])[] = [
  ["protection by the mode selector", new Map([...unknown, ...levels])],
  ["protection by configuration", new Map([...noPassword, ...levels])],
  ["protection in force", new Map([...unknown, ...levels])],
  ["position of the mode selector", new Map([...unknown, [1, "RUN"], [2, "RUN-P"], [3, "STOP"], [4, "MRES"]])],
  ["startup switch", new Map([...unknown, [1, "CRST"], [2, "WRST"]])],
];

export function protectionAnswer({ recordBytes, records, more }: SystemList): Answer {
  const [record, ...others] = records;
  if (
    recordBytes < protectionBytesMin ||
    record === undefined ||
    others.length > 0 ||
    more ||
    wordAt(record, 0) !== s7Lists.protection.index
  )
    throw new MalformedReply(
      `S7: a protection level of ${records.length} records of ${recordBytes} bytes, expected 1 of ${protectionBytesMin} or more with index ${s7Lists.protection.index}`,
    );
  const facts = protectionFields.map(([name, words], at): SaidFact => {
    const value = wordAt(record, 2 + 2 * at);
    return [name, `${value} (${words.get(value) ?? "not among the documented values"})`];
  });
  return { said: "alive", facts };
}

/** Of a redundant pair the first byte may name the CPU: such a record is told under its whole number. */
function indexOf(record: Uint8Array): number {
  return wordAt(record, 0);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function hexOf(word: number): string {
  return word.toString(16).padStart(4, "0");
}

const textMax = 64;

/** ASCII, padded with blanks or zeros. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const raw = String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
  return printable(raw.trim(), textMax);
}
