/** The checks of one device take turns: however many there are, the device is asked no more often than its floor allows. */
import { limits, lineGapShare } from "../../domain/limits.ts";
import type { CheckId, DeviceFloor, LineId, SegmentId } from "../../domain/plan.ts";
import { slotPeriod, slots, unitHash } from "../../domain/slots.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import type { WatchlistCheck } from "../schema/watchlist.ts";
import type { Place } from "./place.ts";

/** One check as its files have it, beside the others of its device. */
export interface Asking {
  readonly place: Pick<Place, "entry" | "line" | "bus" | "hardware">;
  readonly check: WatchlistCheck;
  /** What it would be if it were the only one. */
  readonly interval: Milliseconds;
  /** Of its method. */
  readonly floor: Milliseconds;
}

/** How a check that is not its device's only one is asked. */
export interface Turn {
  /** What is asked, by address and unit: the same after a renaming. */
  readonly device: string;
  /** How many checks take turns, asked or not: an approval or an exclusion changes nobody's pace. */
  readonly of: number;
  /** The shortest of their floors. */
  readonly floor: Milliseconds;
  /** The shortest of their intervals; every other is a multiple of it. */
  readonly round: Milliseconds;
  readonly interval: Milliseconds;
  /** From one slot of the check to its next. */
  readonly period: Milliseconds;
}

/**
 * Worked examples, with a floor of 30 s: four checks at 60 s make a round of 120 s, a turn each 30 s; two at 60 s and 300 s keep both, for
 * a round of 60 s has two turns; 60 s and 90 s become 60 s and 120 s. As all intervals are multiples of the round, no check ever comes in
 * another's turn, and so nobody waits. Checks whose method has a longer floor share that one too: ICMP echoes to the two addresses of one
 * piece of hardware are 120 s each.
 *
 * Counted is what the watchlist names, whether it may be asked or not. Absent: a check that is its device's only one.
 */
export function turns(askings: readonly Asking[]): ReadonlyMap<WatchlistCheck, Turn> {
  return new Map(devicesOf(askings).flatMap((members) => (members.length < 2 ? [] : turnsOf(members))));
}

function turnsOf(members: readonly Asking[]): readonly (readonly [WatchlistCheck, Turn])[] {
  const floor = Math.min(...members.map((one) => one.floor));
  const least = members.map((one) => Math.max(one.interval, one.floor * members.filter((other) => other.floor === one.floor).length));
  const round = roundOf(Math.max(floor * members.length, Math.min(...least)), Math.max(...least));
  const roundPeriod = Math.max(slotPeriod(milliseconds(round)), members.length * slotPeriod(milliseconds(floor)));
  const device = members.map((one) => namesOf(one)[0]!).toSorted()[0]!;
  return members.map(({ check }, index) => {
    const rounds = Math.ceil(least[index]! / round);
    const turn: Turn = {
      device,
      of: members.length,
      floor: milliseconds(floor),
      round: milliseconds(round),
      interval: milliseconds(rounds * round),
      period: milliseconds(rounds * roundPeriod),
    };
    return [check, turn];
  });
}

/** So that no multiple goes beyond the longest interval there is: 3600 s with a round of 210 s would be 3780 s, and is 3600 s with one of 225 s. */
function roundOf(shortest: number, longest: number): number {
  const most = limits.intervalMax;
  if (Math.ceil(longest / shortest) * shortest <= most || shortest > most || longest > most) return shortest;
  let parts = Math.floor(most / shortest);
  while (most % parts !== 0) parts -= 1;
  return most / parts;
}

/** Whatever has a name in common is one device. */
function devicesOf(askings: readonly Asking[]): readonly (readonly Asking[])[] {
  const known = new Map<string, Set<Asking>>();
  for (const asking of askings) {
    const names = namesOf(asking);
    const members = new Set([...new Set(names.map((name) => known.get(name)))].flatMap((group) => [...(group ?? [])]));
    members.add(asking);
    for (const name of new Set([...members].flatMap(namesOf))) known.set(name, members);
  }
  return [...new Set(known.values())].map((members) => [...members]);
}

/** An address or a piece of hardware is its line. On a gateway's line it is the gateway itself, or one unit of its bus. */
function namesOf({ place: { entry, line, bus, hardware }, check }: Asking): readonly string[] {
  if (bus === undefined) return [line];
  const group = hardware === undefined ? [] : [`hardware:${hardware.id}`];
  if (entry.via === undefined) return [`${line} itself`, ...group];
  return [`${line} unit ${check.unitId ?? "?"}`, `device:${entry.id}`, ...group];
}

/** What slots are dealt to. */
export interface InTurn {
  readonly id: CheckId;
  readonly interval: Milliseconds;
  readonly place: { readonly line: LineId; readonly segment: { readonly id: SegmentId } };
  readonly turn: Turn | undefined;
}

/**
 * Slots as everybody gets them; the checks of one device then lie exactly one turn apart, beginning with the first of them. A check of
 * every third round takes its turn in one of the three, by the hash of its name.
 */
export function slotsInTurn(checks: readonly InTurn[]): ReadonlyMap<CheckId, Milliseconds> {
  const offsets = new Map(
    slots(
      checks.map(({ id, interval, place, turn }) => ({
        check: id,
        line: place.line,
        segment: place.segment.id,
        interval: turn?.round ?? interval,
        ...(turn && { device: turn.device }),
      })),
    ),
  );
  const devices = Map.groupBy(checks, ({ turn }) => turn?.device);
  devices.delete(undefined);
  for (const members of devices.values()) {
    const ordered = members.toSorted((a, b) => offsets.get(a.id)! - offsets.get(b.id)! || (a.id < b.id ? -1 : 1));
    const first = offsets.get(ordered[0]!.id)!;
    ordered.forEach(({ id, turn }, index) => {
      const { period, interval, round } = turn!;
      const rounds = interval / round;
      const roundPeriod = period / rounds;
      const place = (first + (index * roundPeriod) / ordered.length) % roundPeriod;
      offsets.set(id, milliseconds(place + Math.floor(unitHash(id) * rounds) * roundPeriod));
    });
  }
  return offsets;
}

/** What the gate keeps to between two checks of the device. */
export function floorOf({ device, floor }: Turn): DeviceFloor {
  return { device, gap: floor };
}

/** Of a line that is one device and has several checks: an even share, less what a late one may take of it, and never below the floor. */
export function turnGap({ round, floor }: Turn, count: number): Milliseconds {
  return milliseconds(Math.max(floor, (lineGapShare * round) / count));
}
