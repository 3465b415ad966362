/** What a device says of itself to a deep query, object by object and byte by byte. */
import type { Answer, SaidFact } from "../../domain/outcome.ts";
import { hex } from "../../domain/template.ts";
import type { Identification } from "./decode.ts";
import { textOf } from "./text.ts";

export interface Said {
  readonly facts: readonly SaidFact[];
  /** By which object the device would go on; absent where it has said everything. */
  readonly next?: number;
}

/** Modbus Application Protocol V1.1b3, 6.21, table of objects. */
const objectNames: readonly string[] = [
  "VendorName",
  "ProductCode",
  "MajorMinorRevision",
  "VendorUrl",
  "ProductName",
  "ModelName",
  "UserApplicationName",
];

/** No object of one reply is longer. */
const objectBytesMax = 253;

/** A device that would go on with what it has sent turns in a circle: it has said everything. */
export function identificationFacts({ objects, more, nextObjectId }: Identification): Said {
  const facts = [...objects].map(([id, bytes]): SaidFact => {
    const name = objectNames[id];
    return [
      `object 0x${id.toString(16).padStart(2, "0")}${name === undefined ? "" : ` ${name}`}`,
      textOf(bytes, objectBytesMax) ?? hexWords(bytes),
    ];
  });
  return { facts, ...(more && !objects.has(nextObjectId) && { next: nextObjectId }) };
}

/** The layout is the device's own (6.13): the bytes as they came, and the indicator where the second of them is one. */
export function serverIdFacts(pdu: Uint8Array): Said {
  const body = pdu.subarray(2);
  const indicator = indicators.get(body[1]);
  return { facts: [["server id", hexWords(body)], ...(indicator === undefined ? [] : [["run indicator", indicator] as const])] };
}

const indicators: ReadonlyMap<number | undefined, string> = new Map([
  [0xff, "ON"],
  [0x00, "OFF"],
]);

/** A device that answers with less than its life has nothing to tell. */
export function withFacts(answer: Answer, said: Said): Answer {
  return answer.said === "gateway_only" ? answer : { ...answer, ...said };
}

function hexWords(bytes: Uint8Array): string {
  return bytes.length === 0 ? "empty" : `0x${hex(bytes)}`;
}
