/** On whose word a family is asked: for each figure that decides, the document in which it stands and how good that is; what stands in none is said to. */
import { formatDuration } from "../domain/duration.ts";
import type { MethodId } from "../domain/operations.ts";
import type { CheckId, DeviceId, ProfileId } from "../domain/plan.ts";
import type { Milliseconds } from "../domain/units.ts";
import type { Compiled } from "./compile/compile.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { sourceWords } from "./profile-words.ts";
import { isPrintable, type Fact } from "./schema/facts.ts";
import type { ProfileLimits, ServerLimits } from "./schema/profile-limits.ts";
import type { Profile } from "./schema/profile.ts";

type Figure = readonly [name: string, fact: Fact<unknown>];

/**
 * Lines of text. What a document says comes with its source and grade; what is only heard of says that it is unverified; what is only
 * remembered counts as found in no document.
 * @param methods those that are asked, or would be
 */
export function citations(profile: Profile, methods: Iterable<MethodId>): readonly string[] {
  const figures = figuresOf(profile, [...new Set(methods)].toSorted());
  const says = ({ value, grade }: Fact<unknown>): boolean => value !== null && grade !== "M" && grade !== "N";
  const silent = new Set(figures.filter(([, fact]) => !says(fact)).map(([name]) => name));
  return [
    ...figures.filter(([, fact]) => says(fact)).map(([name, fact]) => `${name}: ${valueWords(fact, profile)}`),
    ...(silent.size === 0 ? [] : [`no document was found on: ${[...silent].join(", ")}`]),
    `every interval is Watchkeeper's own and no vendor's; all that is known: watchkeeper profiles show ${profile.id}`,
  ];
}

/** Of each family that the watchlist names, in its order. */
export function citationsOf(site: LoadedSite): ReadonlyMap<ProfileId, readonly string[]> {
  const families = Map.groupBy(site.watchlist.value.devices, ({ profile }) => profile);
  return new Map(
    [...families].flatMap(([id, devices]) => {
      const methods = devices.flatMap(({ checks }) => checks.map(({ method }) => method));
      const profile = site.shippedProfiles.get(id)?.value;
      return profile === undefined || methods.length === 0 ? [] : [[id, citations(profile, methods)] as const];
    }),
  );
}

/** The same as a section of text, under a title. */
export function describeDocuments(site: LoadedSite): readonly string[] {
  const families = [...citationsOf(site)];
  if (families.length === 0) return [];
  return ["", documentsTitle, ...families.flatMap(([id, lines]) => [`  ${id}`, ...lines.map((line) => `    ${line}`)])];
}

export const documentsTitle: string = "Which document says so";

function valueWords(fact: Fact<unknown>, { sources }: Profile): string {
  const { value } = fact;
  const text = value === true ? "yes" : value === false ? "no" : String(value);
  return `${text} [${sourceWords(fact, sources)}${isPrintable(fact) ? "" : "; it can only tighten"}]`;
}

/** By the first word of a method's id. */
const limitsOf: ReadonlyMap<string, keyof ProfileLimits> = new Map([
  ["modbus", "modbusTcp"],
  ["enip", "enip"],
  ["s7", "s7"],
  ["opcua", "opcua"],
]);

function figuresOf(profile: Profile, methods: readonly MethodId[]): readonly Figure[] {
  const { connection, watchdog, exclusive, limits = {} } = profile;
  const protocols = [...new Set(methods.map((id) => id.slice(0, id.indexOf("-"))))];
  return [
    ...methods.flatMap((id): Figure[] => {
      const support = profile.methods[id]?.support;
      return support === undefined ? [] : [[`speaks ${id}`, support]];
    }),
    ["connections at once", connection.poolSize],
    ["what one connection too many does", connection.overflow],
    ["after which silence it closes a connection", spanned(connection.idleTimeout)],
    ...protocols.flatMap((protocol) => {
      const of = limitsOf.get(protocol);
      return of === undefined ? [] : ofProtocol(protocol, limits[of] ?? {});
    }),
    ["what feeds its watchdog", watchdog.fedBy],
    ["whether an ended connection trips it", watchdog.closeCausesFault],
    ...(exclusive === undefined ? [] : [["one master only", exclusive] as const]),
  ];
}

/** What a profile says nothing of under a protocol is not missing: the figures of the whole device stand for it. */
function ofProtocol(protocol: string, limits: ServerLimits): readonly Figure[] {
  const { maxConnections, overflow, idleTimeout, requestsPerScan } = limits;
  const all: readonly (readonly [string, Fact<unknown> | undefined])[] = [
    ["connections at once", maxConnections],
    ["what one connection too many does", overflow],
    ["after which silence it closes a connection", idleTimeout && spanned(idleTimeout)],
    ["requests in a cycle", requestsPerScan],
  ];
  return all.flatMap(([name, fact]): Figure[] => (fact === undefined || fact.value === null ? [] : [[`${name} (${protocol})`, fact]]));
}

function spanned(fact: Fact<Milliseconds>): Fact<string> {
  return { ...fact, value: fact.value === null ? null : formatDuration(fact.value) };
}

/** What the owner must state before a device can be approved: a sentence for each statement, with the line where it belongs. */
export function toBeStated({ findings }: Pick<Compiled, "findings">, checks: Iterable<CheckId>): readonly string[] {
  const details = [...checks].flatMap((id) => findings.get(id) ?? []).filter(({ reason }) => reason === "statement_missing");
  return [...new Set(details.flatMap(({ statements, detail }) => statements ?? [detail]))];
}

/** Devices of which something is still to be stated. */
export function unstatedDevices({ plan, findings }: Pick<Compiled, "plan" | "findings">): ReadonlySet<DeviceId> {
  const refused = [...plan.refused.values()].filter(({ check }) => toBeStated({ findings }, [check]).length > 0);
  return new Set(refused.map(({ device }) => device));
}
