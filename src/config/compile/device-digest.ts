/** What an approval admits of a device: where it is, what is asked of it byte for byte, and what its owner has stated. */
import { canonicalJson } from "../../domain/canonical.ts";
import type { GatewayEntry } from "../schema/watchlist.ts";
import type { Candidate } from "./candidate.ts";
import { digestOf } from "./digest.ts";
import { envelopePhase, requestName } from "./envelope.ts";
import type { Place } from "./place.ts";

/**
 * Interval, name, category and what the inventory knows besides maker, model and firmware are free to change: none of them changes a byte,
 * and no interval goes below what `covers` binds. A check that this build cannot speak is bound by its name; once it can, it counts as changed.
 */
export function deviceDigest({ entry, segment, address, gateway, hardware }: Place, candidates: readonly Candidate[]): string {
  const { manufacturer, model, firmware } = entry.asset;
  const checks = candidates.map(checkFacts).toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
  return digestOf({
    schema: "device/v1",
    id: entry.id,
    profile: entry.profile,
    function: entry.function,
    segment: segment.id,
    address,
    port: entry.port ?? null,
    gateway: entry.via === undefined || gateway === undefined ? null : gatewayFacts(gateway),
    hardware: hardware ?? null,
    asset: { manufacturer, model, firmware },
    statements: entry.statements,
    checks,
  });
}

function gatewayFacts({ id, address, port, responseTimeout, retries, unitCount, otherClients, connectionPool }: GatewayEntry): object {
  return {
    id,
    address,
    port,
    responseTimeout,
    retries,
    unitCount,
    otherClients: otherClients ?? null,
    connectionPool: connectionPool ?? null,
  };
}

function checkFacts({ entry, register, spoken }: Candidate): object {
  const request = spoken && {
    port: spoken.target.port,
    transport: spoken.target.transport,
    opening: envelopePhase(spoken.phases.opening),
    asking: envelopePhase(spoken.phases.asking),
    closing: envelopePhase(spoken.phases.closing),
  };
  return { method: entry.method, unitId: entry.unitId ?? null, register: requestName(register), request: request ?? null };
}
