/** Common cause first: whether a silence is the device's own, its segment's, or that of the gateway or switch before it. Pure evidence of who was heard when. */
import type { Answered, Failed, SharedCause } from "../domain/outcome.ts";
import type { Check, LineId, Plan, PlannedDevice } from "../domain/plan.ts";
import type { FailureKind } from "../domain/reasons.ts";
import { atOnce, sliced, type Preparing } from "../domain/taking-over.ts";
import { milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { Company } from "./company.ts";

/** Why the device itself is not to blame. */
export type Excuse = { readonly reason: "cut_off" } | { readonly reason: "behind"; readonly behind: string };

/** A cause has begun or ended; `scope` is the bare id of a segment, gateway or device. */
export interface CauseChange {
  readonly cause: SharedCause;
  readonly scope: string;
  readonly held: boolean;
  readonly detail: string;
}

interface Shared {
  readonly company: Company;
  /** Since when it is the cause of silence; undefined while it is none. */
  since: MonotonicMs | undefined;
}

interface Door extends Shared {
  /** Of a gateway: the line whose exchanges go through it. Undefined of a device, which is asked itself. */
  line: LineId | undefined;
}

/** Whatever came back from the device's own network interface or beyond shows that the way there is good. */
const contactKinds: ReadonlySet<FailureKind> = new Set<FailureKind>([
  "refused",
  "reset",
  "malformed",
  "protocol_error",
  "expectation_failed",
  "gateway_target_silent",
  "identity_mismatch",
]);

/** Something of the device's address answered, be it only its TCP. */
export function isContact(outcome: Answered | Failed): boolean {
  if (outcome.kind === "answered" || contactKinds.has(outcome.failure)) return true;
  // A request on a connection of this very exchange: the connection was accepted.
  return outcome.check.target.transport === "tcp" && outcome.sent.connections > 0 && outcome.sent.requests > 0;
}

export class CommonCause {
  #segments = new Map<string, Shared>();
  #doors = new Map<string, Door>();
  /** Devices on a serial port of our own: their segment's network carries nothing of theirs, and what becomes of it says nothing of them. */
  #apart: ReadonlySet<string> = new Set();
  /** All that a device stands behind, through others too; the nearest first. */
  #ways = new Map<string, readonly string[]>();

  /** In one go, see `preparing`. */
  adopt(plan: Plan): void {
    atOnce(this.preparing(plan))();
  }

  *preparing(plan: Plan): Preparing<() => void> {
    const [hosts, behind] = [new Map<string, Map<string, Milliseconds>>(), new Map<string, Map<string, Milliseconds>>()];
    const ways = yield* waysOf(plan);
    const apart = new Set<string>();
    yield* sliced(plan.checks.values(), (check) => {
      if (check.target.transport === "serial") apart.add(check.device);
      const device = plan.devices.get(check.device);
      if (!device) return;
      if (check.target.transport !== "serial") counted(hosts, device.segment, check.target.address, check.interval);
      for (const way of ways.get(device.id)!) counted(behind, way, device.id, check.interval);
    });
    for (const [way, members] of behind) {
      const own = plan.devices.get(way as PlannedDevice["id"])?.checks.map((id) => plan.checks.get(id)!.interval);
      // A gateway has no check of its own: every exchange with its units shows whether it is there. Of a switch that is not asked nothing is known.
      if (own?.length === 0) behind.delete(way);
      else members.set(way, milliseconds(Math.min(...(own ?? members.values()))));
    }
    const takeOvers: (() => void)[] = [];
    const segments = new Map<string, Shared>();
    for (const [id, members] of hosts) {
      const shared = this.#segments.get(id) ?? newlyShared();
      takeOvers.push(yield* shared.company.preparing(members));
      segments.set(id, shared);
    }
    const doors = new Map<string, Door>();
    for (const [id, members] of behind) {
      const line = plan.devices.has(id as PlannedDevice["id"]) ? undefined : (`gateway:${id}` as LineId);
      const door = this.#doors.get(id) ?? { ...newlyShared(), line };
      takeOvers.push(yield* door.company.preparing(members), () => void (door.line = line));
      doors.set(id, door);
    }
    return () => {
      for (const takeOver of takeOvers) takeOver();
      this.#ways = ways;
      this.#apart = apart;
      this.#segments = segments;
      this.#doors = doors;
    };
  }

  /** Takes note of an outcome that says something about the device; what it ends comes back. */
  note(device: PlannedDevice, outcome: Answered | Failed): readonly CauseChange[] {
    const { check, at } = outcome;
    const contact = isContact(outcome);
    const segment = this.#segmentOf(device);
    segment?.company.note(check.target.address, contact ? "contact" : "miss", at);
    const own = this.#doors.get(device.id);
    if (own?.line === undefined) own?.company.note(device.id, contact ? "contact" : "miss", at);
    for (const way of this.#ways.get(device.id) ?? []) this.#notePassage(way, device, outcome);
    return [...this.#ended(device, check)];
  }

  /** An earlier run has missed the device, and it has not been heard since: those behind it need not wait for its next turn. */
  missedBefore({ id }: PlannedDevice, at: MonotonicMs): void {
    const own = this.#doors.get(id);
    if (own?.line === undefined) own?.company.note(id, "miss", at);
  }

  /** Why a miss that was noted is not the device's own. `grave`: the device would go down by it; until then nothing is concluded anew. */
  excuse(device: PlannedDevice, now: MonotonicMs, grave: boolean): { readonly excuse?: Excuse; readonly begun: readonly CauseChange[] } {
    const segment = this.#segmentOf(device);
    if (segment && segment.since !== undefined) return { excuse: { reason: "cut_off" }, begun: [] };
    if (grave && segment?.company.silent(now)) {
      segment.since = now;
      return {
        excuse: { reason: "cut_off" },
        begun: [begun("segment", device.segment, "nothing on it answers: the poller is cut off from it")],
      };
    }
    // The farthest first: behind a switch that is down, the gateway before the device is silent too.
    for (const way of (this.#ways.get(device.id) ?? []).toReversed()) {
      const door = this.#doors.get(way);
      if (!door) continue;
      if (door.since !== undefined) return { excuse: { reason: "behind", behind: way }, begun: [] };
      // A gateway that takes connections is there: if all its units are silent they are down, and held as a mass loss.
      if (!grave || !door.company.lost(way)) continue;
      door.since = now;
      return { excuse: { reason: "behind", behind: way }, begun: [begun(kindOf(door), way, "it is down: those behind it are unknown")] };
    }
    return { begun: [] };
  }

  /** Whether another address of the device's segment was heard after `since` and has not missed after that. */
  neighbourLivesSince(device: PlannedDevice, { target }: Check, since: MonotonicMs): boolean {
    return this.#segmentOf(device)?.company.othersLiveSince(target.address, since) ?? false;
  }

  #segmentOf({ id, segment }: PlannedDevice): Shared | undefined {
    return this.#apart.has(id) ? undefined : this.#segments.get(segment);
  }

  #notePassage(way: string, device: PlannedDevice, outcome: Answered | Failed): void {
    const door = this.#doors.get(way);
    if (!door) return;
    const { at, check, sent } = outcome;
    const through = door.line === check.line;
    // A gateway that answers for its unit, or takes a connection, is there; the unit is heard only when it answers itself.
    const passed = through ? outcome.kind === "answered" : isContact(outcome);
    door.company.note(device.id, passed ? "contact" : "miss", at);
    if (through) door.company.note(way, passed || sent.requests > 0 ? "there" : "miss", at);
  }

  *#ended(device: PlannedDevice, check: Check): Generator<CauseChange> {
    const segment = this.#segmentOf(device);
    if (segment && isOver(segment)) yield ended("segment", device.segment, segment, `${check.target.address} answers again`);
    for (const way of [device.id, ...(this.#ways.get(device.id) ?? [])]) {
      const door = this.#doors.get(way);
      if (door && (isOver(door) || (door.since !== undefined && door.line === check.line && !door.company.lost(way))))
        yield ended(kindOf(door), way, door, `${device.id} was reached`);
    }
  }
}

function isOver({ company, since }: Shared): boolean {
  return since !== undefined && company.contactAt !== undefined && company.contactAt > since;
}

function kindOf({ line }: Door): SharedCause {
  return line === undefined ? "device" : "gateway";
}

function begun(cause: SharedCause, scope: string, detail: string): CauseChange {
  return { cause, scope, held: true, detail };
}

function ended(cause: SharedCause, scope: string, shared: Shared, detail: string): CauseChange {
  shared.since = undefined;
  return { cause, scope, held: false, detail };
}

function newlyShared(): Shared {
  return { company: new Company(), since: undefined };
}

function counted(into: Map<string, Map<string, Milliseconds>>, group: string, key: string, interval: Milliseconds): void {
  const members = into.get(group) ?? new Map<string, Milliseconds>();
  members.set(key, milliseconds(Math.min(interval, members.get(key) ?? interval)));
  into.set(group, members);
}

function* waysOf({ devices }: Plan): Preparing<Map<string, readonly string[]>> {
  const direct = new Map<string, readonly string[]>();
  yield* sliced(devices, ([id, { behind }]) => void direct.set(id, behind));
  const all = (id: string, seen: Set<string>): Set<string> => {
    for (const way of direct.get(id) ?? []) {
      if (seen.has(way)) continue;
      seen.add(way);
      all(way, seen);
    }
    return seen;
  };
  const reached = new Map<string, Set<string>>();
  yield* sliced(direct.keys(), (id) => void reached.set(id, all(id, new Set())));
  // In a circle each would be the other's excuse, and none of them ever down.
  const leadsBack = (way: string, id: string): boolean => way === id || reached.get(way)?.has(id) === true;
  const result = new Map<string, readonly string[]>();
  yield* sliced(
    reached,
    ([id, ways]) =>
      void result.set(
        id,
        [...ways].filter((way) => !leadsBack(way, id)),
      ),
  );
  return result;
}
