/** Everything that an Identity object says, attribute by attribute, for a deep query. */
import type { Answer, SaidFact } from "../../domain/outcome.ts";
import { hex } from "../../domain/template.ts";
import { identityAnswer } from "./answers.ts";
import type { WholeIdentity } from "./decode.ts";
import { deviceTypeName, vendorName } from "./vendors.ts";

/** Alive or degraded as a heartbeat has it, with every attribute. */
export function wholeIdentityAnswer(device: WholeIdentity): Answer {
  const answer = identityAnswer(device);
  return answer.said === "gateway_only" ? answer : { ...answer, facts: identityFacts(device) };
}

/** In the order of the attributes (CIP Vol 1, 5A-2.2); what a device does not say is left out. */
export function identityFacts(device: WholeIdentity): readonly SaidFact[] {
  const { vendorId, deviceType, productCode, revision, status, serialNumber, productName, state, further } = device;
  return [
    ["vendor", `${vendorId} (${vendorName(vendorId)})`],
    ["device type", deviceTypeName(deviceType)],
    ["product code", String(productCode)],
    ["revision", `${revision.major}.${revision.minor}`],
    ["status", `0x${hexOf(status, 4)}: ${statusWords(status)}`],
    ["serial number", hexOf(serialNumber, 8)],
    ["product name", productName === "" ? "none" : productName],
    ...(state === undefined ? [] : [["state", stateWords(state)] as const]),
    ...furtherFacts(further),
  ];
}

/** Bits 4 to 7 (5A-2.2.1.5). */
const extendedStatus: readonly string[] = [
  "self-testing or not known",
  "firmware update in progress",
  "at least one I/O connection has faulted",
  "no I/O connections",
  "its stored configuration is bad",
  "major fault",
  "at least one I/O connection in run mode",
  "I/O connections, all of them idle",
];

/** Bits 0, 2 and 8 to 11. */
const statusBits: readonly (readonly [bit: number, words: string])[] = [
  [0x0001, "owned"],
  [0x0004, "configured"],
  [0x0100, "minor recoverable fault"],
  [0x0200, "minor unrecoverable fault"],
  [0x0400, "major recoverable fault"],
  [0x0800, "major unrecoverable fault"],
];

function statusWords(status: number): string {
  const extended = (status >> 4) & 0x0f;
  const set = statusBits.filter(([bit]) => (status & bit) !== 0).map(([, words]) => words);
  return [...set, extendedStatus[extended] ?? `extended status ${extended}, the maker's own`].join(", ");
}

/** Attribute 8. */
const states: ReadonlyMap<number, string> = new Map([
  [0, "nonexistent"],
  [1, "self-testing"],
  [2, "standby"],
  [3, "operational"],
  [4, "major recoverable fault"],
  [5, "major unrecoverable fault"],
  [255, "not kept"],
]);

function stateWords(state: number): string {
  const words = states.get(state);
  return words === undefined ? String(state) : `${state} (${words})`;
}

/** Attributes 9 and 10, where the reply goes on so far; what then follows is shown as it came. */
function furtherFacts(further: Uint8Array): readonly SaidFact[] {
  const [low, high, heartbeatSeconds, ...rest] = further;
  if (low === undefined) return [];
  if (high === undefined) return [["further bytes", `0x${hexOf(low, 2)}`]];
  return [
    ["configuration consistency value", `0x${hexOf(low | (high << 8), 4)}`],
    ...(heartbeatSeconds === undefined ? [] : [["heartbeat interval", heartbeatWords(heartbeatSeconds)] as const]),
    ...(rest.length === 0 ? [] : [["further bytes", `0x${hex(Uint8Array.from(rest))}`] as const]),
  ];
}

function heartbeatWords(seconds: number): string {
  return seconds === 0 ? "0 s (sends none)" : `${seconds} s`;
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
