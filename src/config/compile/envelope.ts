/** What an approval of a family covers, as figures: the bytes that may be sent, how often, over which connections. Its digest is `covers`. */
import { nominal, type CredentialKind } from "../../domain/credentials.ts";
import { deepReadName, deepReads, type DeepRead } from "../../domain/deep-reads.ts";
import type { Method } from "../../domain/driver.ts";
import type { MethodId } from "../../domain/operations.ts";
import type { Allowance, Transport } from "../../domain/plan.ts";
import { securityWords, type ChannelSecurity } from "../../domain/security.ts";
import { templateJson, type TemplateJson } from "../../domain/template.ts";
import type { Milliseconds } from "../../domain/units.ts";
import type { Forbidden } from "../schema/forbidden.ts";
import type { OwnerStatement } from "../schema/profile.ts";
import { s7BytesName } from "../../domain/s7.ts";
import { s7Space } from "../schema/bytes.ts";
import type { LivenessRegister, RegisterRange } from "../schema/register.ts";
import type { Overflow, WatchdogMode } from "../schema/statements.ts";
import { expectationWords, type Expectation } from "../../domain/expectation.ts";
import { phasesOf, readOf, type Candidate, type Methods } from "./candidate.ts";
import type { ClosingFault } from "./direction.ts";
import type { Family, FamilyMethod } from "./family.ts";
import { registerSpaceOf } from "./modbus-codes.ts";
import { s7RouteOfFamily } from "./s7-route.ts";

/** Plain JSON, because its canonical text is digested and the approval block holds a copy. Frames are those for unit 1; each device's own are in its digest. */
export interface Envelope {
  readonly schema: "envelope/v1";
  readonly connection: {
    readonly mode: "fresh" | "kept";
    /** null where none is kept. */
    readonly idleTimeoutMs: number | null;
    readonly poolSize: number;
    readonly overflow: Overflow;
    readonly reserve: number;
  };
  readonly watchdog: { readonly fedBy: WatchdogMode; readonly closeCausesFault: ClosingFault; readonly strictKind: boolean };
  readonly ownerMustState: readonly OwnerStatement[];
  /** `registers holding-registers 4096-4097`, `function-code 90`, `port 80`; sorted. */
  readonly forbidden: readonly string[];
  /** `exclusive`, `advisory ICSA-20-016-01 of modbus-fc3: M580 2.80`; sorted, and left out where there are none. */
  readonly demands?: readonly string[];
  readonly identification: { readonly vendors: readonly string[]; readonly products: readonly string[] };
  /** Those that are allowed and that this build speaks. */
  readonly methods: Readonly<Partial<Record<MethodId, EnvelopeMethod>>>;
  /** What a deep query may ask, by `requestOf`; left out where nothing is agreed to. */
  readonly deepQuery?: Readonly<Record<string, EnvelopeRequest>>;
}

export interface EnvelopeMethod {
  /** The shortest interval at which the site asks a device of the family by this method; where none is: the shortest that the profile allows. */
  readonly intervalMinMs: number;
  readonly connectWithinMs: number;
  readonly answerWithinMs: number;
  /** By `requestName`: `holding-registers 0-1`, or the empty name where no register is read. */
  readonly requests: Readonly<Record<string, EnvelopeRequest>>;
}

export interface EnvelopeRequest {
  readonly opening: EnvelopePhase;
  readonly asking: EnvelopePhase;
  readonly closing: EnvelopePhase;
}

export interface EnvelopePhase {
  readonly connectionsMax: number;
  readonly requestsMax: number;
  readonly bytesMax: number;
  readonly frames: readonly TemplateJson[];
}

/** @param paces by method, the shortest interval of the family's checks as they are planned now: what the person who approves looks at */
export function envelopeOf(
  family: Family,
  methods: Methods,
  paces: ReadonlyMap<MethodId, Milliseconds>,
  securities: readonly ChannelSecurity[] = [],
): Envelope {
  const { connection, watchdog, identification } = family;
  const allowed = [...family.methods].filter(([, { decision }]) => decision === "allow");
  const spoken = allowed.flatMap(([id, rule]): [MethodId, EnvelopeMethod][] => {
    const method = methods.get(id);
    return method === undefined
      ? []
      : [[id, envelopeMethod(method, { ...rule, intervalMin: paces.get(id) ?? rule.intervalMin }, family, securities)]];
  });
  return {
    schema: "envelope/v1",
    connection: {
      mode: connection.mode,
      idleTimeoutMs: connection.idleTimeout ?? null,
      poolSize: connection.poolSize,
      overflow: connection.overflow,
      reserve: connection.reserve,
    },
    watchdog: { fedBy: watchdog.fedBy, closeCausesFault: watchdog.closeCausesFault, strictKind: watchdog.strict },
    ownerMustState: family.ownerMustState.toSorted(),
    forbidden: [...new Set(family.forbidden.map(forbiddenName))].toSorted(),
    ...demandsOf(family),
    identification: { vendors: identification.vendors.toSorted(), products: identification.products.toSorted() },
    methods: Object.fromEntries(spoken),
    ...deepOf(family, methods, securities),
  };
}

/** Absent where there is none: so an approval from before there were deep queries keeps its digest. */
function deepOf(family: Family, methods: Methods, securities: readonly ChannelSecurity[]): Pick<Envelope, "deepQuery"> {
  const requests = family.deepQuery.flatMap((deep): [string, EnvelopeRequest][] => {
    const { method: id } = deepReads[deep.read];
    const method = methods.get(id);
    if (method === undefined || family.methods.get(id)?.decision !== "allow") return [];
    return variantsOf({ ...method, ...method.deepWith, otherTransports: [] }, securities).flatMap(
      (variant): [string, EnvelopeRequest][] => {
        const request = envelopeRequest(method, family, undefined, variant, deep);
        return request === undefined ? [] : [[variantName(deepReadName(deep), variant), request]];
      },
    );
  });
  return requests.length === 0 ? {} : { deepQuery: Object.fromEntries(requests) };
}

/** Absent where there are none: so an approval from before there were demands keeps its digest. */
function demandsOf({ advisories, exclusive }: Family): Pick<Envelope, "demands"> {
  const firmware = advisories
    .filter(({ gate }) => gate === "require-firmware")
    .flatMap(({ id, methods, fixedIn }) =>
      methods.map((method) => `advisory ${id} of ${method}: ${fixedIn.map(({ model, version }) => `${model} ${version}`).join(", ")}`),
    );
  const demands = [...(exclusive ? ["exclusive"] : []), ...firmware].toSorted();
  return demands.length === 0 ? {} : { demands };
}

/** The request of a check: by register or by what a deep query reads, by its transport where that is not the method's usual one, and by the kind of its credentials. */
export function requestOf({ register, spoken, deep }: Pick<Candidate, "register" | "spoken" | "deep">): string {
  const { method, target, credentials, security } = spoken ?? {};
  return variantName(deep ? deepReadName(deep) : requestName(register), {
    ...(target && target.transport !== method?.transport && { transport: target.transport }),
    ...(credentials && { kind: credentials.kind }),
    ...(security && { security }),
  });
}

/** In which ways a method asks the same. */
interface Variant {
  /** Absent: its usual one. */
  readonly transport?: Transport;
  readonly kind?: CredentialKind;
  readonly security?: ChannelSecurity;
}

function variantName(request: string, { transport, kind, security }: Variant): string {
  const words = [
    request,
    ...(transport ? [`over ${transport}`] : []),
    ...(kind ? [`with ${kind}`] : []),
    ...(security ? [securityWords(security)] : []),
  ];
  return words.filter((word) => word !== "").join(", ");
}

/** Of the ways to secure a channel those that the family's checks use: another one needs another look. */
function variantsOf(
  { otherTransports = [], credentialKinds = ["none"], takesSecurity }: Method,
  used: readonly ChannelSecurity[],
): readonly Variant[] {
  const transports = [{}, ...otherTransports.map((transport) => ({ transport }))];
  const kinds = credentialKinds.map((kind) => (kind === "none" ? {} : { kind }));
  const securities = [{}, ...(takesSecurity ? used.map((security) => ({ security })) : [])];
  return transports.flatMap((transport) => kinds.flatMap((kind) => securities.map((security) => ({ ...transport, ...kind, ...security }))));
}

/**
 * The name of a request in an envelope: what is read, as what, and what is expected of it, so that an approval covers all three.
 * `holding-registers 100-101 as uint32, word order big, expected 1 to 5`.
 */
export function requestName(register: Unnamed<LivenessRegister> | undefined): string {
  if (register === undefined) return "";
  const { expectation } = register;
  if (register.space === s7Space) {
    const { value, bit } = register.bytes;
    const as = value === undefined ? "" : ` as ${value.type}${bit === undefined ? "" : ` ${bit}`}`;
    return `${s7BytesName(register.bytes)}${as}${expectation === undefined ? "" : `, expected ${exactly(expectation)}`}`;
  }
  const { value } = register;
  const order = value !== undefined && "wordOrder" in value ? `, word order ${value.wordOrder}` : "";
  const as = value === undefined ? "" : ` as ${value.type}${order}`;
  return `${rangeName(register)}${as}${expectation === undefined ? "" : `, expected ${exactly(expectation)}`}`;
}

type Unnamed<Register> = Register extends LivenessRegister ? Omit<Register, "id" | "note"> : never;

/** The words round a duration to what a person reads: beside them it stands as it is. */
function exactly(expectation: Expectation): string {
  return `${expectationWords(expectation)}${"within" in expectation ? ` (${expectation.within} ms)` : ""}`;
}

export function envelopePhase({ connectionsMax, requestsMax, bytesMax, templates }: Allowance): EnvelopePhase {
  return { connectionsMax, requestsMax, bytesMax, frames: templates.map(templateJson) };
}

function envelopeMethod(
  method: Method,
  { intervalMin, connectWithin, answerWithin }: FamilyMethod,
  family: Family,
  securities: readonly ChannelSecurity[],
): EnvelopeMethod {
  const space = registerSpaceOf(method.id);
  const registers = space === undefined ? [undefined] : [...family.liveness.values()].filter((register) => register.space === space);
  const requests = registers.flatMap((register): [string, EnvelopeRequest][] => {
    const name = requestName(register);
    const ways = variantsOf(method, securities).map((variant) => [
      variantName(name, variant),
      envelopeRequest(method, family, register, variant),
    ]);
    return ways.filter((one): one is [string, EnvelopeRequest] => one[1] !== undefined);
  });
  return {
    intervalMinMs: intervalMin,
    connectWithinMs: connectWithin,
    answerWithinMs: answerWithin,
    requests: Object.fromEntries(requests),
  };
}

/** For unit 1; for a method that knows no units, without one. A request that the method refuses can stand in no check either. */
function envelopeRequest(
  method: Method,
  family: Family,
  register: LivenessRegister | undefined,
  { transport, kind, security }: Variant,
  deep?: DeepRead,
): EnvelopeRequest | undefined {
  const credentials = kind && nominal({ id: "", kind });
  const route = s7RouteOfFamily(method, family);
  const read = {
    ...readOf(register),
    ...route,
    ...(transport && { transport }),
    ...(credentials && { credentials }),
    ...(security && { security }),
    ...(deep && { deep }),
  };
  const parsed = [method.parse({ unitId: 1, ...read }), method.parse(read)].find((one) => "ask" in one);
  if (parsed === undefined || !("ask" in parsed)) return undefined;
  const { opening, asking, closing } = phasesOf(method, parsed.ask);
  return { opening: envelopePhase(opening), asking: envelopePhase(asking), closing: envelopePhase(closing) };
}

function forbiddenName(entry: Forbidden): string {
  switch (entry.kind) {
    case "registers":
      return `registers ${rangeName(entry)}`;
    case "function-code":
      return `function-code ${entry.functionCode}`;
    case "port":
      return `port ${entry.port}`;
    case "operation":
      return `operation ${entry.operation}`;
    case "service":
      return `service ${entry.service}`;
    case "discovery":
      return `discovery ${entry.discovery}`;
  }
}

function rangeName({ space, protocolAddress, count }: RegisterRange): string {
  return `${space} ${protocolAddress}-${protocolAddress + count - 1}`;
}
