/** What an S7 CPU's reply says of it: its operating mode, the value of its bytes, or why it would not say. */
import { MalformedReply } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import { s7BytesName, type S7Bytes } from "../../domain/s7.ts";
import type { Decoded, SystemList } from "./decode.ts";

/** Operating modes by number (System Software for S7-300/400, SZL W#16#xy24: bits 0 to 3 of bzu-id, the mode that was requested last). */
const modes: ReadonlyMap<number, readonly [name: string, state: "run" | "startup" | "stop" | "hold" | "defect"]> = new Map([
  [0x1, ["STOP (update)", "stop"]],
  [0x2, ["STOP (memory reset)", "stop"]],
  [0x3, ["STOP (self-initialization)", "stop"]],
  [0x4, ["STOP", "stop"]],
  [0x5, ["startup (cold restart)", "startup"]],
  [0x6, ["startup (warm restart)", "startup"]],
  [0x7, ["startup (hot restart)", "startup"]],
  [0x8, ["RUN", "run"]],
  [0x9, ["RUN (redundant)", "run"]],
  [0xa, ["HOLD", "hold"]],
  [0xb, ["link-up", "run"]],
  [0xc, ["update", "run"]],
  [0xd, ["DEFECT", "defect"]],
  [0xe, ["self-test", "startup"]],
  [0xf, ["without power", "defect"]],
]);
const modeRecordBytes = 20;

/** Alive in RUN and while it starts up; degraded in STOP, HOLD and DEFECT, each with its own words at the beginning, by which an alert can tell them. */
export function modeAnswer({ recordBytes, records, more }: SystemList): Answer {
  const [record, ...others] = records;
  if (recordBytes !== modeRecordBytes || record === undefined || others.length > 0 || more)
    throw new MalformedReply(
      `S7: an operating mode of ${records.length} records of ${recordBytes} bytes, expected 1 of ${modeRecordBytes}`,
    );
  const code = record[3]!;
  const mode = modes.get(code & 0x0f);
  if (mode === undefined)
    return { said: "degraded", failure: "protocol_error", detail: `CPU mode unknown: the CPU says 0x${hexByte(code)}` };
  const [name, state] = mode;
  switch (state) {
    case "run":
    case "startup":
      return { said: "alive", note: `CPU in ${name}` };
    case "stop":
      return notRunning(name === "STOP" ? "CPU STOP" : `CPU STOP: ${name}`);
    case "hold":
      return notRunning("CPU HOLD");
    case "defect":
      return notRunning(name === "DEFECT" ? "CPU DEFECT" : `CPU DEFECT: ${name}`);
  }
}

export function bytesAnswer(asked: S7Bytes, bytes: Uint8Array): Answer {
  const value = valueOf(asked, bytes);
  return value === undefined ? { said: "alive" } : { said: "alive", value };
}

function valueOf({ value, bit }: S7Bytes, bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (value?.type) {
    case undefined:
      return undefined;
    case "bit":
      return (view.getUint8(0) >> (bit ?? 0)) & 1;
    case "uint8":
      return view.getUint8(0);
    case "uint16":
      return view.getUint16(0);
    case "int16":
      return view.getInt16(0);
    case "uint32":
      return view.getUint32(0);
    case "int32":
      return view.getInt32(0);
    case "float32":
      return view.getFloat32(0);
  }
}

/** Of an item (return codes of a read) and of a parameter, as they are generally known. */
const itemErrors: ReadonlyMap<number, string> = new Map([
  [0x01, "hardware fault"],
  [0x03, "access is not allowed"],
  [0x05, "the address does not exist"],
  [0x06, "the type of data is not supported"],
  [0x0a, "the object does not exist"],
]);
const parameterErrors: ReadonlyMap<number, string> = new Map([
  [0x8104, "the function is not supported"],
  [0xd401, "the list does not exist"],
  [0xd402, "the list does not exist in this way"],
  [0xd241, "the protection level does not allow it"],
]);
/** Something is wrong with the device, not with the question. */
const faults: ReadonlySet<number> = new Set([0x01]);

/** A CPU that does not know the question, or may not answer it, is alive all the same. */
export function errorAnswer({ code, source }: Extract<Decoded, { readonly is: "error" }>, what: string): Answer {
  const known = source === "item" ? itemErrors.get(code) : parameterErrors.get(code);
  const detail = `S7 error 0x${code.toString(16).padStart(source === "item" ? 2 : 4, "0")} to ${what}: ${known ?? "not among the common codes"}`;
  const isFault = source === "item" ? faults.has(code) : known === undefined;
  return isFault ? { said: "degraded", failure: "protocol_error", detail } : { said: "alive", note: detail };
}

/** What was asked, for the words of an error. */
export function askedBytes(bytes: S7Bytes): string {
  return `the read of ${s7BytesName(bytes)}`;
}

function notRunning(detail: string): Answer {
  return { said: "degraded", failure: "cpu_not_running", detail };
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
