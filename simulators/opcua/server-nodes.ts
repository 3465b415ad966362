/** What a simulated server says of itself beside its state, as values of nodes: who made it, its namespaces, what it bears (OPC 10000-5, 6.3). */
import { array, bytes, dateTime, double, nodeId, text, uint32 } from "./binary.ts";

export interface ServerFacts {
  readonly manufacturer: string;
  readonly product: string;
  readonly version: string;
  readonly build: string;
  readonly namespaces: readonly string[];
  /** Nodes that it does not have, by number. */
  readonly without: readonly number[];
}

export const usualFacts: ServerFacts = {
  manufacturer: "Watchkeeper",
  product: "SIM-OPC-UA",
  version: "1.4.2",
  build: "7",
  namespaces: ["http://opcfoundation.org/UA/", "urn:watchkeeper:simulator"],
  without: [2737, 12165, 12166, 12167, 12168],
};

const productUri = "urn:watchkeeper:simulator";
/** 2026-03-01. */
const builtMs = 1_772_323_200_000;
/** Types of a Variant (OPC 10000-6, 5.1.2), and the bit that says an array of them. */
const [byteType, int32Type, uint16Type, uint32Type, doubleType, stringType, timeType, structureType] = [
  3, 6, 5, 7, 11, 12, 13, 22,
] as const;
const many = 0x80;
const buildInfoEncoding = 340;

const string = (value: string): Buffer => Buffer.concat([bytes(stringType), text(value)]);
const strings = (values: readonly string[]): Buffer => Buffer.concat([bytes(stringType | many), array(values.map((one) => text(one)))]);
const counts = (value: number): Buffer => Buffer.concat([bytes(uint32Type), uint32(value)]);
const few = (value: number): Buffer => bytes(uint16Type, value & 0xff, value >> 8);

/** The Variant of a node, `i=2255`; undefined where the server has none such. */
export function serverValue(node: string, facts: ServerFacts): Buffer | undefined {
  const id = Number(/^i=(\d+)$/u.exec(node)?.[1]);
  return facts.without.includes(id) ? undefined : values.get(id)?.(facts);
}

const values: ReadonlyMap<number, (facts: ServerFacts) => Buffer> = new Map<number, (facts: ServerFacts) => Buffer>([
  [2260, buildInfo],
  [2261, ({ product }) => string(product)],
  [2262, () => string(productUri)],
  [2263, ({ manufacturer }) => string(manufacturer)],
  [2264, ({ version }) => string(version)],
  [2265, ({ build }) => string(build)],
  [2266, () => Buffer.concat([bytes(timeType), dateTime(builtMs)])],
  [2254, () => strings(["urn:watchkeeper:simulator"])],
  [2255, ({ namespaces }) => strings(namespaces)],
  [2267, () => bytes(byteType, 255)],
  [3709, () => Buffer.concat([bytes(int32Type), uint32(0)])],
  [2269, () => strings(["http://opcfoundation.org/UA-Profile/Server/EmbeddedUA2017"])],
  [2271, () => strings(["en"])],
  [2272, () => Buffer.concat([bytes(doubleType), double(100)])],
  [2735, () => few(10)],
  [2736, () => few(0)],
  [2737, () => few(0)],
  ...[11702, 11703, 12911, 11705, 11707, 11709, 11710, 11711, 11712, 11713, 11714, 12165, 12166, 12167, 12168].map(
    (id): [number, () => Buffer] => [id, () => counts(1000)],
  ),
  ...[24095, 24096, 24097, 24098, 24104].map((id): [number, () => Buffer] => [id, () => counts(id === 24095 ? 5 : 100)]),
]);

function buildInfo({ manufacturer, product, version, build }: ServerFacts): Buffer {
  const body = Buffer.concat([text(productUri), text(manufacturer), text(product), text(version), text(build), dateTime(builtMs)]);
  return Buffer.concat([bytes(structureType), nodeId(buildInfoEncoding), bytes(1), text(body)]);
}
