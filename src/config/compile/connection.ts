/** What a family does with connections: how many there are, how many stay free, and whether ours may be kept between checks. */
import { poolReserveMin, poolUnknown } from "../../domain/limits.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import { isPrintable, type Fact, type SourceDocument } from "../schema/facts.ts";
import { limitClasses, type ProfileLimits, type ServerLimits } from "../schema/profile-limits.ts";
import type { ProfileConnection } from "../schema/profile.ts";
import type { SiteConnection } from "../schema/site-profile.ts";
import type { Overflow } from "../schema/statements.ts";
import { directions } from "./direction.ts";

export interface FamilyConnection {
  readonly mode: "fresh" | "kept";
  /** There when and only when the mode is kept. */
  readonly idleTimeout: Milliseconds | undefined;
  /** Said to close no silent connection: a lost one stays taken for good. Believed of whatever grade, because it only tightens. */
  readonly closesNone: boolean;
  readonly poolSize: number;
  readonly overflow: Overflow;
  readonly reserve: number;
}

/** A document, not hearsay, and two persons who opened the original: only then may a fact loosen anything. */
export function mayLoosen(fact: Fact<unknown>, sources: readonly SourceDocument[]): boolean {
  return isPrintable(fact) && sources.some(({ id, checkedBy }) => fact.sources.includes(id) && new Set(checkedBy).size >= 2);
}

export function familyConnection(
  shipped: ProfileConnection,
  sources: readonly SourceDocument[],
  site: SiteConnection | undefined,
  perProtocol?: ProfileLimits,
): FamilyConnection {
  const idleTimeout = mayLoosen(shipped.idleTimeout, sources) ? (shipped.idleTimeout.value ?? undefined) : undefined;
  const asked = directions.mode.tightest(shipped.mode, site?.mode ?? shipped.mode);
  const mode = idleTimeout === undefined ? "fresh" : asked;
  const { fewest, worst } = protocolLimits(perProtocol);
  const pool = directions.poolSize.tightest(believed(shipped.poolSize, sources, poolUnknown, directions.poolSize.tightest), ...fewest);
  const overflow = directions.overflow.tightest(
    believed<Overflow>(shipped.overflow, sources, "evicts-oldest", directions.overflow.tightest),
    ...worst,
  );
  return {
    mode,
    idleTimeout: mode === "kept" ? idleTimeout : undefined,
    closesNone: shipped.idleClose?.value === "never",
    poolSize: directions.poolSize.tightest(pool, site?.poolSize ?? pool),
    overflow: directions.overflow.tightest(overflow, site?.overflow ?? overflow),
    reserve: directions.reserve.tightest(poolReserveMin, shipped.reserve, site?.reserve ?? poolReserveMin),
  };
}

/** One pool stands for all protocols of a device, and so the smallest of them. What a protocol is said to bear never loosens. */
function protocolLimits(perProtocol: ProfileLimits = {}): { readonly fewest: readonly number[]; readonly worst: readonly Overflow[] } {
  const servers: readonly ServerLimits[] = limitClasses.flatMap((name) => perProtocol[name] ?? []);
  const pools = [...servers.map(({ maxConnections }) => maxConnections?.value), perProtocol.opcua?.maxSessions?.value];
  return {
    fewest: pools.filter((size): size is number => typeof size === "number"),
    worst: servers.flatMap(({ overflow }) => overflow?.value ?? []),
  };
}

/** Kept only where the device would not have closed it before the next check: a closed one costs the device more than a fresh one. */
export function connectionFor(family: FamilyConnection, interval: Milliseconds): "fresh" | "kept" {
  return family.mode === "kept" && interval < (family.idleTimeout ?? milliseconds(0)) ? "kept" : "fresh";
}

/** The fact where it may loosen, otherwise the tighter of fact and default. */
function believed<Value>(
  fact: Fact<Value>,
  sources: readonly SourceDocument[],
  unknown: Value,
  tightest: (first: Value, ...others: readonly Value[]) => Value,
): Value {
  if (fact.value === null) return unknown;
  return mayLoosen(fact, sources) ? fact.value : tightest(unknown, fact.value);
}
