/** Reads what a server says of itself beside its state: who made it, which namespaces it has, and what it bears. */
import { MalformedReply } from "../../domain/driver.ts";
import { opcuaServerNodes } from "../../domain/opcua.ts";
import type { Answer, Identity, SaidFact } from "../../domain/outcome.ts";
import { printable } from "../../domain/printable.ts";
import type { Library } from "./library.ts";
import type { Question, Within } from "./session.ts";

const charactersMax = 200;
/** Of one list; what there is beyond them is counted. */
const entriesMax = 64;
/** Part 5, 12.5. */
const redundancies = ["None", "Cold", "Warm", "Hot", "Transparent", "HotAndMirrored"] as const;
/** Parts of the structure BuildInfo, by the member of the library's class. */
const buildInfo = {
  ManufacturerName: "manufacturerName",
  ProductName: "productName",
  SoftwareVersion: "softwareVersion",
  BuildNumber: "buildNumber",
  BuildDate: "buildDate",
  ProductUri: "productUri",
} as const;

/** Of node-opcua's DataValue, what is read here. */
interface DataValue {
  readonly statusCode: { readonly name: string; isGood(): boolean };
  readonly value?: { readonly value: unknown } | null;
}

export class ServerFacts implements Question {
  readonly #library: Library;
  readonly #within: Within;
  readonly #nodes: typeof opcuaServerNodes;

  /** @param nodes how many of the list, from its beginning */
  constructor(library: Library, within: Within, nodes: number) {
    this.#library = library;
    this.#within = within;
    this.#nodes = opcuaServerNodes.slice(0, nodes);
  }

  async ask(): Promise<Answer> {
    const { AttributeIds, ReadRequest, ReadResponse, TimestampsToReturn } = this.#library;
    const nodesToRead = this.#nodes.map(([id]) => ({ nodeId: `i=${id}`, attributeId: AttributeIds.Value }));
    const request = new ReadRequest({ maxAge: 0, timestampsToReturn: TimestampsToReturn.Neither, nodesToRead });
    const { results } = await this.#within(request, ReadResponse);
    if (results?.length !== nodesToRead.length)
      throw new MalformedReply(`Read: ${results?.length ?? 0} values, expected ${nodesToRead.length}`);
    const values = results as readonly DataValue[];
    return answerFrom(this.#nodes.map(([, name], at) => ({ name, ...values[at]! })));
  }
}

/** One node and what the server said of it. */
export type NamedValue = DataValue & { readonly name: string };

/** Everything that was said, name by name; what was not is named with its status at the end. */
export function answerFrom(values: readonly NamedValue[]): Answer {
  const said = values.filter(({ statusCode }) => statusCode.isGood());
  const build = partsOf(said.find(({ name }) => name === "BuildInfo")?.value?.value);
  const single = said.filter(({ name }) => name.startsWith("BuildInfo.")).map(({ name, value }) => [name, textOf(value?.value)] as const);
  // Both say the same, and some servers have one of them alone.
  const parts = new Map([...build, ...single.filter(([, text]) => text !== "")]);
  const others = said.filter(({ name }) => !name.startsWith("BuildInfo")).flatMap(({ name, value }) => factsOf(name, value?.value));
  const unsaid = values.filter(({ statusCode }) => !statusCode.isGood());
  const facts: readonly SaidFact[] = [
    ...[...parts].filter(([, text]) => text !== ""),
    ...others,
    ...(unsaid.length === 0
      ? []
      : [["not said", unsaid.map(({ name, statusCode }) => `${name} (${statusCode.name})`).join(", ")] as const]),
  ];
  const identity = identityFrom(parts);
  return { said: "alive", facts, ...(Object.keys(identity).length > 0 && { identity }) };
}

/** What the structure says, for servers that have no node of each part. */
function partsOf(value: unknown): readonly SaidFact[] {
  if (typeof value !== "object" || value === null) return [];
  const members = value as Readonly<Record<string, unknown>>;
  return Object.entries(buildInfo).map(([part, member]): SaidFact => [`BuildInfo.${part}`, textOf(members[member])]);
}

function identityFrom(parts: ReadonlyMap<string, string>): Identity {
  const of = (part: keyof typeof buildInfo): string => parts.get(`BuildInfo.${part}`) ?? "";
  const [vendor, product, revision] = [of("ManufacturerName"), of("ProductName"), of("SoftwareVersion")];
  return { ...(vendor !== "" && { vendor }), ...(product !== "" && { product }), ...(revision !== "" && { revision }) };
}

function factsOf(name: string, value: unknown): readonly SaidFact[] {
  const list = listOf(value);
  if (list === undefined) return [[name, scalarWords(name, value)]];
  if (list.length === 0) return [[name, "empty"]];
  const shown = list.slice(0, entriesMax).map((one, at): SaidFact => [`${name} ${at}`, textOf(one)]);
  return list.length > entriesMax ? [...shown, [name, `and ${list.length - entriesMax} more`]] : shown;
}

/** Numbers come in arrays of their own kind. */
function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && !Buffer.isBuffer(value)
    ? Array.from(value as unknown as ArrayLike<number>)
    : undefined;
}

function scalarWords(name: string, value: unknown): string {
  if (typeof value !== "number") return textOf(value);
  if (name === "RedundancySupport") return redundancies[value] ?? String(value);
  // Part 5, 6.3.2 and 6.3.11.
  return value === 0 && name.startsWith("Max") ? "0 (it states no limit)" : String(value);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return printable(value, charactersMax);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "no time" : value.toISOString();
  return value === null || value === undefined ? "" : "a value of another kind than expected";
}
