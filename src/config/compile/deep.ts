/** What a deep query may ask of each device: the reads that its family agreed to, at the place and with the unit and credentials of a heartbeat of the same protocol. */
import { deepReads, type DeepRead } from "../../domain/deep-reads.ts";
import type { Method } from "../../domain/driver.ts";
import type { Check, CheckId, DeviceFloor, DeviceId, StandingRefusal, Transport } from "../../domain/plan.ts";
import { milliseconds } from "../../domain/units.ts";
import type { LoadedSite } from "../loaded-site.ts";
import type { WatchlistCheck } from "../schema/check.ts";
import { ownInterval, speak, templatesOf, type Candidate, type Methods } from "./candidate.ts";
import { intervalFloor } from "./interval.ts";
import type { Finding } from "./standing.ts";
import { effectiveTimeouts, familyTimeouts } from "./timeouts.ts";
import { floorOf } from "./turns.ts";

export interface DeepCandidate extends Candidate {
  readonly deep: DeepRead;
  /** The heartbeat whose place it takes. */
  readonly beat: Candidate;
  /** Is asked in its session, where that stands. */
  readonly shares: boolean;
}

/** Of the device's own heartbeats; none where no heartbeat speaks the protocol over a network: then nothing more is asked either. */
export function deepCandidates(site: LoadedSite, methods: Methods, beats: readonly Candidate[]): readonly DeepCandidate[] {
  const [first] = beats;
  return (first?.family.deepQuery ?? []).flatMap((deep) =>
    beatsFor(methods, deep, beats).flatMap((beat, index) => deepCandidate(site, methods, deep, beat, index)),
  );
}

/** One for each unit; of several the one that asks by the same method. A datagram proves the place for a connection too, whose own statements and slots are looked at besides. */
function beatsFor(methods: Methods, { read }: DeepRead, beats: readonly Candidate[]): readonly Candidate[] {
  const { method: id, within, takesSession } = deepReads[read];
  const method = methods.get(id);
  const alike = beats.filter(
    ({ spoken }) =>
      spoken !== undefined &&
      spoken.method.protocol === method?.protocol &&
      goesAlong(spoken.target.transport, method.transport) &&
      (!takesSession || within!.includes(spoken.method.id)),
  );
  const byUnit = Map.groupBy(
    alike.toSorted((a, b) => Number(b.spoken?.method === method) - Number(a.spoken?.method === method)),
    ({ entry }) => (method?.protocol === "modbus" ? entry.unitId : undefined),
  );
  return [...byUnit.values()].map(([one]) => one!);
}

function goesAlong(beat: Transport, own: Transport): boolean {
  return beat === own || (beat === "udp" && own === "tcp");
}

/** Empty where the method cannot read it so, such as FC 43 over a serial line, whose replies have no length. */
function deepCandidate(site: LoadedSite, methods: Methods, deep: DeepRead, beat: Candidate, index: number): readonly DeepCandidate[] {
  const { place, family } = beat;
  const { method, within } = deepReads[deep.read];
  const entry = entryOf(methods.get(method), { ...beat.entry, method });
  const rule = family.methods.get(method);
  // The profile's shortest for the method: once between two heartbeats is the pace that the gate keeps besides.
  const interval = ownInterval(family, { ...entry, interval: intervalFloor(method, site.lab) }, site.lab);
  const spoken = speak({ site, methods, place, family, entry, register: undefined, interval, deep });
  if (spoken === undefined || "problems" in spoken) return [];
  const shares = within?.includes(beat.entry.method) ?? false;
  const number = deep.number === undefined ? "" : `-${deep.number}`;
  return [
    {
      ...beat,
      id: `${place.entry.id}/deep-${deep.read}${number}${index === 0 ? "" : `#${index + 1}`}` as CheckId,
      entry,
      rule,
      register: undefined,
      spoken,
      interval,
      turn: undefined,
      // The heartbeat's own connection where it is kept and has nothing to say of its own; otherwise one for each question.
      connection: spoken.phases.opening.requestsMax === 0 ? beat.connection : "fresh",
      ...effectiveTimeouts(rule ?? familyTimeouts(), entry),
      ...(spoken.phases.opening.connectionsMax === 0 && { connectWithin: milliseconds(0) }),
      deep,
      beat,
      shares,
    },
  ];
}

/** What the heartbeat's own entry says, but for what the read's method has no use for. */
function entryOf(
  method: Method | undefined,
  { register: _register, transport: _transport, portsUp: _portsUp, ...rest }: WatchlistCheck,
): WatchlistCheck {
  const { security, credentials, ...bare } = rest;
  const { takesSecurity, credentialKinds } = { ...method, ...method?.deepWith };
  return { ...bare, ...(security && takesSecurity && { security }), ...(credentials !== undefined && credentialKinds && { credentials }) };
}

export interface DeepChecks {
  readonly deep: readonly Check[];
  readonly deepRefused: readonly StandingRefusal[];
  /** Between any two packets to devices that a deep query may ask, their heartbeats included. */
  readonly floors: ReadonlyMap<DeviceId, DeviceFloor>;
}

/** @param against what stands against a candidate or a heartbeat; @param made the check of an admitted candidate */
export function deepChecks(
  candidates: readonly DeepCandidate[],
  against: (one: Candidate) => Finding | undefined,
  made: (one: DeepCandidate) => Check,
  lab: boolean,
): DeepChecks {
  const deep: Check[] = [];
  const deepRefused: StandingRefusal[] = [];
  const floors = new Map<DeviceId, DeviceFloor>();
  for (const one of candidates) {
    const { id, place, entry, beat, spoken } = one;
    // Whoever is not asked on schedule is not asked more.
    const finding = against(one) ?? against(beat);
    const { id: device } = place.entry;
    if (finding !== undefined) {
      const templates = spoken === undefined ? [] : templatesOf(spoken.phases);
      deepRefused.push({ check: id, device, method: entry.method, reason: finding.reason, detail: finding.detail, templates });
      continue;
    }
    const floor = floors.get(device) ?? floorFor(beat, lab);
    floors.set(device, floor);
    deep.push({ ...made(one), floor, deep: one.deep, ...(one.shares && { within: beat.id }) });
  }
  return { deep, deepRefused, floors };
}

function floorFor({ turn, place, entry }: Candidate, lab: boolean): DeviceFloor {
  if (turn !== undefined) return floorOf(turn);
  const unit = place.bus === undefined || place.entry.via === undefined ? "" : ` unit ${entry.unitId ?? "?"}`;
  return { device: `${place.line}${unit}`, gap: intervalFloor(entry.method, lab) };
}
