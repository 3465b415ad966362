/** Frames as makers of devices read them: every byte, and a name for each part that differs from one frame to the next. */
import type { Operation } from "../src/domain/operations.ts";
import { hex, type FrameTemplate } from "../src/domain/template.ts";
import { opcuaMessage, type OpcuaFacts, type Part, type Varying } from "./opcua-messages.ts";

/** What stands in the free bytes of a frame, in their order. */
const holds: Readonly<Partial<Record<Operation, readonly string[]>>> = {
  "modbus-read-coils": ["transaction number"],
  "modbus-read-discrete-inputs": ["transaction number"],
  "modbus-read-holding-registers": ["transaction number"],
  "modbus-read-input-registers": ["transaction number"],
  "modbus-report-server-id": ["transaction number"],
  "modbus-read-device-identification": ["transaction number"],
  "enip-list-identity": ["counter in the sender context"],
  "enip-register-session": ["counter in the sender context"],
  "enip-read-identity": ["session handle", "counter in the sender context"],
  "enip-read-slot-identity": ["session handle", "counter in the sender context"],
  "enip-unregister-session": ["session handle", "counter in the sender context"],
  "s7-setup": ["PDU reference"],
  "s7-read-szl": ["PDU reference"],
  "s7-read-area": ["PDU reference"],
  "icmp-echo": ["checksum and identifier"],
  "snmp-get": ["community", "request number"],
  "snmp-get-next": ["community", "request number"],
};
const wrapAfter = 100;

/**
 * The operation's name, and below it the frame, indented.
 * @param goesOn what stands in a last free byte, of a long answer that is followed @throws Error where nobody has said what a free byte holds
 */
export function frameLines(template: FrameTemplate, opcua: OpcuaFacts | undefined, goesOn?: string): readonly string[] {
  const words = partsOf(template, opcua, goesOn).flatMap(wordsOf);
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line.length + word.length >= wrapAfter) {
      lines.push(line);
      line = "";
    }
    line += ` ${word}`;
  }
  return [template.operation, ...[...lines, line].map((one) => ` ${one}`)];
}

function partsOf(template: FrameTemplate, opcua: OpcuaFacts | undefined, goesOn: string | undefined): readonly Part[] {
  const { operation, lengthMax } = template;
  if (lengthMax === undefined) return maskedParts(template, goesOn);
  const message = opcua && opcuaMessage(operation, opcua);
  if (message === undefined) throw new Error(`${operation}: nobody has said how it goes on`);
  return message;
}

/** Runs of free bytes get their names; a byte is free as a whole or not at all. */
function maskedParts({ operation, bytes, mask }: FrameTemplate, goesOn: string | undefined): readonly Part[] {
  const names = [...(holds[operation] ?? [])];
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length;) {
    const free = mask[at] !== 0xff;
    let end = at;
    while (end < bytes.length && (mask[end] !== 0xff) === free) end++;
    if (free) {
      const name = names.shift() ?? goesOn;
      if (name === undefined || mask.subarray(at, end).some((bits) => bits !== 0)) throw new Error(`${operation}: byte ${at} has no name`);
      parts.push({ holds: name, bytes: end - at });
    } else parts.push(hex(bytes.subarray(at, end)));
    at = end;
  }
  if (names.length > 0) throw new Error(`${operation}: found no free bytes for ${names.join(", ")}`);
  return parts;
}

function wordsOf(part: Part): readonly string[] {
  return typeof part === "string" ? (part.match(/../gu) ?? []) : [varyingText(part)];
}

function varyingText({ holds: what, bytes }: Varying): string {
  return bytes === undefined ? `{${what}}` : `{${what}: ${bytes}}`;
}
