/** What an approval admits of a device: where it is, what is asked of it byte for byte, and what its owner has stated. */
import { canonicalJson } from "../../domain/canonical.ts";
import type { GatewayEntry } from "../schema/gateway.ts";
import type { Watchlist } from "../schema/watchlist.ts";
import type { Candidate } from "./candidate.ts";
import { poolStatements, type Member } from "./connection-slots.ts";
import { digestOf } from "./digest.ts";
import { envelopePhase, requestName } from "./envelope.ts";
import { approvedPace } from "./paces.ts";
import type { Paces } from "../schema/approval.ts";
import type { Place } from "./place.ts";

/**
 * Name, category and what the inventory knows besides maker, model and firmware are free to change: none of them changes a byte. A check that
 * this build cannot speak is bound by its name; once it can, it counts as changed.
 * What stands elsewhere and decides by which interface, over how many connections and on whose bus the device is asked is bound as well:
 * its segment, the gateway whose line it shares, and the pool statements of everything on that line.
 *
 * How often each check is asked is bound too. An approval keeps the intervals that it was given beside the digest, as a digest alone cannot
 * tell slower from faster: worked out with those in place of today's, the digest is that of the approval unless something else has changed.
 * @param line every member of the device's line, itself included
 * @param paces those of the approval; absent: as the files say them now
 */
export function deviceDigest(
  watchlist: Watchlist,
  place: Place,
  line: readonly Member[],
  candidates: readonly Candidate[],
  paces?: Paces,
): string {
  const { entry, segment, address, bus, hardware } = place;
  const { manufacturer, model, firmware } = entry.asset;
  const checks = candidates.map((one) => checkFacts(one, paces)).toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
  return digestOf({
    schema: "device/v3",
    id: entry.id,
    profile: entry.profile,
    function: entry.function,
    segment: { id: segment.id, subnet: segment.subnet, localAddress: segment.localAddress },
    address,
    via: entry.via ?? null,
    port: entry.port ?? null,
    ...(entry.s7 && { s7: entry.s7 }),
    ...(entry.endpointPath !== undefined && { endpointPath: entry.endpointPath }),
    gateway: bus === undefined ? null : gatewayFacts(bus),
    hardware: hardware === undefined ? null : { ...hardware, siblings: siblingFacts(place, line) },
    asset: { manufacturer, model, firmware },
    statements: entry.statements,
    line: poolStatements(watchlist, line),
    checks,
  });
}

/**
 * The smallest pool, the largest reserve and whoever may answer in a piece of hardware count for all of its addresses, and `covers` binds
 * only the figures of the device's own profile. A digest cannot tell tighter from looser, so here a tightened profile is looked at again.
 */
function siblingFacts({ entry, hardware }: Place, line: readonly Member[]): readonly object[] {
  return line
    .filter(({ place }) => place.hardware === hardware && place.entry.profile !== entry.profile)
    .map(({ place, family }) => ({
      id: place.entry.id,
      profile: family.id,
      poolSize: family.connection.poolSize,
      poolSizeAtSite: family.site?.value.connection.poolSize ?? null,
      reserve: family.connection.reserve,
      identification: family.identification,
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function gatewayFacts({
  id,
  address,
  port,
  framing,
  serialPort,
  responseTimeout,
  retries,
  unitCount,
  otherClients,
  connectionPool,
}: GatewayEntry): object {
  return {
    id,
    ...(serialPort === undefined ? { address, port } : { serialPort: { ...serialPort } }),
    ...(framing && { framing }),
    responseTimeout,
    retries,
    unitCount,
    otherClients: otherClients ?? null,
    connectionPool: connectionPool ?? null,
  };
}

function checkFacts(candidate: Candidate, paces: Paces | undefined): object {
  const { entry, register, spoken, interval } = candidate;
  const request = spoken && {
    port: spoken.target.port,
    transport: spoken.target.transport,
    opening: envelopePhase(spoken.bound.opening),
    asking: envelopePhase(spoken.bound.asking),
    closing: envelopePhase(spoken.bound.closing),
    ...(spoken.security && { security: { ...spoken.security, serverCertificate: spoken.serverCertificate?.sha256 ?? null } }),
    ...(spoken.credentials && { credentials: { ...spoken.credentials } }),
  };
  return {
    method: entry.method,
    unitId: entry.unitId ?? null,
    register: requestName(register),
    ...(entry.portsUp && { portsUp: entry.portsUp }),
    // As the watchlist says them: what a profile tightens voids nothing.
    connectWithin: entry.connectWithin ?? null,
    answerWithin: entry.answerWithin ?? null,
    missesToDown: entry.missesToDown ?? null,
    intervalMs: approvedPace(paces, candidate) ?? interval,
    request: request ?? null,
  };
}
