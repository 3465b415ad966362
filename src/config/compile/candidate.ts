/** One check as the files describe it, worked out as far as it can be, before anything decides whether it may be asked. */
import { nominal, shapeOf, type CredentialRef, type CredentialShape } from "../../domain/credentials.ts";
import type { DeepRead } from "../../domain/deep-reads.ts";
import type { Method, MethodInput } from "../../domain/driver.ts";
import { formatDuration } from "../../domain/duration.ts";
import type { MethodId } from "../../domain/operations.ts";
import type { Allowance, CheckId, Framing, Proof, Target, Transport } from "../../domain/plan.ts";
import type { ChannelSecurity, PinnedCertificate } from "../../domain/security.ts";
import type { FrameTemplate } from "../../domain/template.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import { problemAt, quote, type Complaint, type Path, type Problem } from "../problem.ts";
import type { LoadedSite } from "../loaded-site.ts";
import { s7Space } from "../schema/bytes.ts";
import type { LivenessRegister } from "../schema/register.ts";
import type { WatchlistCheck } from "../schema/watchlist.ts";
import { connectionFor } from "./connection.ts";
import type { Family, FamilyMethod } from "./family.ts";
import { unitOfBus } from "./gateway-unit.ts";
import { effectiveInterval, intervalFloor } from "./interval.ts";
import { registerSpaceOf } from "./modbus-codes.ts";
import type { Place } from "./place.ts";
import type { Turn } from "./turns.ts";
import { s7RouteOf } from "./s7-route.ts";
import { effectiveTimeouts, familyTimeouts, missesToDown, type Timeouts } from "./timeouts.ts";

export type Methods = ReadonlyMap<MethodId, Method>;

export interface Candidate extends Timeouts {
  readonly id: CheckId;
  readonly place: Place;
  readonly family: Family;
  readonly entry: WatchlistCheck;
  readonly path: Path;
  /** Absent where the profile does not name the method. */
  readonly rule: FamilyMethod | undefined;
  readonly register: LivenessRegister | undefined;
  /** Absent where this build cannot speak the method. */
  readonly spoken: Spoken | undefined;
  /** With its turn, where it has one. */
  readonly interval: Milliseconds;
  /** Absent: the only check of its device. */
  readonly turn: Turn | undefined;
  readonly connection: "fresh" | "kept";
  readonly missesToDown: number;
  /** What a deep query reads; absent: a heartbeat. */
  readonly deep?: DeepRead;
}

/** What the method itself made of the check. */
export interface Spoken {
  readonly method: Method;
  readonly ask: unknown;
  readonly target: Target;
  readonly phases: Phases;
  /** What an approval binds: the same, but for the length of a credential's name. A credential that is renewed voids nothing. */
  readonly bound: Phases;
  readonly credentials: CredentialRef | undefined;
  /** Undefined: none. */
  readonly security: ChannelSecurity | undefined;
  /** Of the server; undefined as well where security wants one and nobody has pinned it. */
  readonly serverCertificate: PinnedCertificate | undefined;
  readonly proves: Proof;
}

export interface Phases {
  readonly opening: Allowance;
  readonly asking: Allowance;
  readonly closing: Allowance;
}

export function phasesOf(method: Method, ask: unknown): Phases {
  return { opening: method.opening(ask), asking: method.asking(ask), closing: method.closing(ask) };
}

export function templatesOf({ opening, asking, closing }: Phases): readonly FrameTemplate[] {
  return [opening, asking, closing].flatMap(({ templates }) => templates);
}

/** A check that contradicts itself or its profile is a problem and no candidate. */
export function candidate(
  site: LoadedSite,
  methods: Methods,
  place: Place,
  family: Family,
  index: number,
  turn?: Turn,
): { readonly candidate: Candidate } | { readonly problems: readonly Problem[] } {
  const entry = place.entry.checks[index]!;
  const path: Path = [...place.path, "checks", index];
  const rule = family.methods.get(entry.method);
  const register = entry.register === undefined ? undefined : family.liveness.get(entry.register);
  const flaw =
    registerFlaw(entry, register, family) ??
    busFlaw(place, entry) ??
    transportFlaw(entry, methods) ??
    securityFlaw(entry, methods) ??
    credentialFlaw(site, entry, methods);
  if (flaw !== undefined) return { problems: [problemAt(site.watchlist, [...path, flaw.key], flaw)] };
  const interval = turn?.interval ?? ownInterval(family, entry, site.lab);
  const spoken = speak({ site, methods, place, family, entry, register, interval });
  if (spoken !== undefined && "problems" in spoken) {
    return {
      problems: spoken.problems.map((sentence) =>
        problemAt(site.watchlist, path, { found: sentence, expected: "a request as the method has it" }),
      ),
    };
  }
  const hasty = hastyExpectation(register, interval);
  if (hasty !== undefined) return { problems: [problemAt(site.watchlist, [...path, hasty.key], hasty)] };
  const earlier = place.entry.checks.slice(0, index).filter(({ method }) => method === entry.method).length;
  const made: Candidate = {
    id: `${place.entry.id}/${entry.method}${earlier === 0 ? "" : `#${earlier + 1}`}` as CheckId,
    place,
    family,
    entry,
    path,
    rule,
    register,
    spoken,
    interval,
    turn,
    connection: spoken?.method.connection ?? connectionFor(family.connection, interval),
    missesToDown: missesToDown(...(rule?.missesStated ?? []), entry.missesToDown),
    ...effectiveTimeouts(rule ?? familyTimeouts(), entry),
    ...(spoken?.method.answerWithin && { answerWithin: spoken.method.answerWithin(spoken.ask) }),
    // Nothing is waited for before the first datagram: the whole exchange has the time for the answer.
    ...(spoken !== undefined && spoken.phases.opening.connectionsMax === 0 && { connectWithin: milliseconds(0) }),
  };
  return { candidate: made };
}

/** As if it were the only check of its device. */
export function ownInterval(family: Family, { method, interval }: WatchlistCheck, lab: boolean): Milliseconds {
  return effectiveInterval(family.methods.get(method)?.intervalMin ?? intervalFloor(method, lab), interval);
}

interface Flaw extends Complaint {
  readonly key: string;
}

function registerFlaw(entry: WatchlistCheck, register: LivenessRegister | undefined, family: Family): Flaw | undefined {
  if (entry.register === undefined) return undefined;
  const known = [...family.liveness.keys()].join(", ") || "none are";
  if (register === undefined)
    return { key: "register", found: quote(entry.register), expected: `a liveness register of profile ${family.id} (named: ${known})` };
  const space = registerSpaceOf(entry.method);
  if (space === register.space) return undefined;
  const expected =
    space === undefined ? `no register: ${entry.method} reads none` : `a register among the ${space}, which ${entry.method} reads`;
  return { key: "register", found: `${quote(entry.register)}, one of the ${register.space}`, expected };
}

/** A value that is looked at once a minute cannot be seen to change within half of one. */
function hastyExpectation(register: LivenessRegister | undefined, interval: Milliseconds): Flaw | undefined {
  const expectation = register?.expectation;
  if (expectation === undefined || !("within" in expectation) || expectation.within >= interval) return undefined;
  return {
    key: "register",
    found: `${quote(register!.id)}, whose value is to move within ${formatDuration(expectation.within)}`,
    expected: `at least the interval of ${formatDuration(interval)}: what happens between two askings is not seen`,
  };
}

/** What a method is told of a register. */
export function readOf(register: LivenessRegister | undefined): Pick<MethodInput, "register" | "bytes"> {
  if (register === undefined) return {};
  if (register.space === s7Space) return { bytes: register.bytes };
  const { protocolAddress, count, value } = register;
  return { register: { protocolAddress, count, ...(value && { value }) } };
}

/** Without a unit the request would ask the gateway and prove nothing of the device behind it. */
function busFlaw({ entry: device, bus }: Place, entry: WatchlistCheck): Flaw | undefined {
  const stray = device.via === undefined && bus !== undefined ? unitOfBus(entry, bus) : undefined;
  if (stray !== undefined) return { key: "unitId", ...stray };
  if (device.via === undefined || entry.unitId !== undefined) return undefined;
  return { key: "method", found: `${entry.method} without unitId`, expected: "a method with a unitId: the device stands behind a gateway" };
}

/** Of the units behind a gateway; the gateway itself, asked at its own address, has none. */
export function framingOf({ entry, gateway }: Place): Framing | undefined {
  if (entry.via === undefined) return undefined;
  return gateway?.serialPort === undefined ? gateway?.framing : "rtu";
}

function transportFlaw({ method: id, transport }: WatchlistCheck, methods: Methods): Flaw | undefined {
  const method = methods.get(id);
  if (method === undefined || transport === undefined) return undefined;
  const known = [method.transport, ...(method.otherTransports ?? [])];
  if (known.includes(transport)) return undefined;
  return { key: "transport", found: transport, expected: `${known.join(" or ")}: ${id} goes over nothing else` };
}

function credentialFlaw({ credentials }: LoadedSite, entry: WatchlistCheck, methods: Methods): Flaw | undefined {
  const method = methods.get(entry.method);
  if (method === undefined) return undefined;
  const { credentialKinds: kinds = ["none"] } = method;
  const kind = entry.credentials === undefined ? "none" : credentials.get(entry.credentials)?.kind;
  if (kind === undefined || kinds.includes(kind)) return undefined;
  const named = kinds.filter((one) => one !== "none");
  const expected =
    named.length === 0 ? `none: ${entry.method} takes no credentials` : `the id of a credential of kind ${named.join(" or ")}`;
  return { key: "credentials", found: kind === "none" ? "nothing" : `${quote(entry.credentials)}, of kind ${kind}`, expected };
}

/** Undefined as well where the file that holds it could not be read, which is a problem of its own. */
function credentialOf({ credentials }: LoadedSite, { credentials: id }: WatchlistCheck): CredentialShape | undefined {
  const credential = id === undefined ? undefined : credentials.get(id);
  return id === undefined || credential === undefined ? undefined : shapeOf(id, credential);
}

function securityFlaw({ method: id, security }: WatchlistCheck, methods: Methods): Flaw | undefined {
  const method = methods.get(id);
  if (method === undefined || security === undefined || method.takesSecurity) return undefined;
  return { key: "security", found: security.mode, expected: `none: ${id} knows of no secured channel` };
}

/** Undefined for none. */
function securityOf({ security }: WatchlistCheck): ChannelSecurity | undefined {
  if (security?.policy === undefined || security.mode === "None") return undefined;
  return { mode: security.mode, policy: security.policy };
}

export interface ToSpeak {
  readonly site: LoadedSite;
  readonly methods: Methods;
  readonly place: Place;
  readonly family: Family;
  readonly entry: WatchlistCheck;
  readonly register: LivenessRegister | undefined;
  readonly interval: Milliseconds;
  readonly deep?: DeepRead;
}

/** Undefined where this build does not know the method. */
export function speak(what: ToSpeak): Spoken | { readonly problems: readonly string[] } | undefined {
  const { site, methods, place, family, entry, register, interval, deep } = what;
  const method = methods.get(entry.method);
  if (method === undefined) return undefined;
  const port = portOf(place, method);
  const credentials = credentialOf(site, entry);
  const security = securityOf(entry);
  const serverCertificate = security && site.serverCertificates?.get(place.entry.id);
  const input: MethodInput = {
    ...(credentials && { credentials }),
    ...(security && { security }),
    ...(serverCertificate && { serverCertificate }),
    endpoint: { address: place.address, port, ...(place.entry.endpointPath !== undefined && { path: place.entry.endpointPath }) },
    interval,
    ...(entry.portsUp && { portsUp: entry.portsUp }),
    ...(entry.unitId === undefined ? {} : { unitId: entry.unitId }),
    ...readOf(register),
    ...s7RouteOf(method, place, family),
    ...(entry.transport === undefined ? {} : { transport: entry.transport }),
    ...(framingOf(place) && { framing: framingOf(place)! }),
    ...(deep && { deep }),
  };
  const parsed = method.parse(input);
  if ("problems" in parsed) return parsed;
  const phases = phasesOf(method, parsed.ask);
  const target = targetOf(place, entry.transport ?? method.transport, port);
  const bound = credentials === undefined ? phases : boundPhases(method, { ...input, credentials: nominal(credentials) });
  const reference = credentials && { id: credentials.id, kind: credentials.kind };
  return {
    method,
    ask: parsed.ask,
    target,
    phases,
    bound,
    credentials: reference,
    security,
    serverCertificate,
    proves: family.methods.get(entry.method)?.proves ?? method.proves,
  };
}

/** 0 where the protocol knows none. */
function targetOf({ address, gateway, segment }: Place, transport: Transport, port: number): Target {
  if (gateway?.serialPort === undefined) return { address, port, transport, localAddress: segment.localAddress };
  const { baudRate, parity, stopBits } = gateway.serialPort;
  return { address, port: 0, transport: "serial", serial: { baudRate, parity, stopBits } };
}

function portOf({ entry, gateway }: Place, { transport, defaultPort }: Method): number {
  if (transport === "icmp") return 0;
  return (entry.via === undefined ? entry.port : gateway?.port) ?? defaultPort;
}

/** @throws TypeError where a method takes a name of one length and refuses another: it must not judge by that */
function boundPhases(method: Method, input: MethodInput): Phases {
  const parsed = method.parse(input);
  if ("problems" in parsed) throw new TypeError(`${method.id}: ${parsed.problems.join("; ")}`);
  return phasesOf(method, parsed.ask);
}
