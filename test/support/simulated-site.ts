/** A whole poller on a clock that a test moves: real gate, keeper, scheduler and pulse; scripted wires, drivers and people. */
import type { Circumstances } from "../../src/domain/gate.ts";
import type { Fact, Trip } from "../../src/domain/outcome.ts";
import type { Check, CheckId, DeviceId, LineId, Plan } from "../../src/domain/plan.ts";
import type { Milliseconds, MonotonicMs, WallMs } from "../../src/domain/units.ts";
import type { GateParts } from "../../src/safety/gate-parts.ts";
import { HeartbeatGate } from "../../src/safety/gate.ts";
import { ConnectionKeeper, type KeeperParts } from "../../src/safety/keeper.ts";
import { Pulse } from "../../src/safety/pulse.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryNotebook } from "./memory-notebook.ts";
import { scriptedDriver, scriptedPolicy, type DriverFault } from "./scripted-driver.ts";
import { scriptedDial, type Script, type Witness } from "./scripted-wire.ts";

export interface SimulatedSiteOptions {
  readonly plan: Plan;
  readonly script?: (check: Check) => Script;
  readonly fault?: (check: Check) => DriverFault;
  readonly trips?: readonly Trip[];
  /** What earlier runs learnt. */
  readonly notes?: MemoryNotebook;
  /** A run before this one, whose clock and witness go on. */
  readonly before?: Pick<SimulatedSite, "clock" | "witness" | "proven">;
  /** A kept connection meets the world as it is at each asking. */
  readonly live?: boolean;
  readonly pulseEveryMs?: number;
  readonly farewell?: boolean;
  /** A wire was told that the time for its answer is nearly over. */
  readonly onNearEnd?: () => void;
  /** What is made of an identity in a reply. */
  readonly stranger?: GateParts["stranger"];
  readonly driver?: (check: Check) => ReturnType<typeof scriptedDriver> | { readonly unavailable: string } | undefined;
  /** In place of scripted wires and drivers. */
  readonly network?: Pick<KeeperParts, "dial" | "speakerOf">;
}

export class SimulatedSite {
  readonly clock: FakeClock;
  readonly facts: Fact[] = [];
  /** What worked, in this run and before it. */
  readonly proven: Map<CheckId, string>;
  readonly witness: Witness;
  readonly skipped: string[] = [];
  /** Checks that are noted as being asked right now. */
  readonly inFlight: string[] = [];
  /** Checks that were asked in vain, and when. */
  readonly missed: { readonly id: CheckId; readonly at: MonotonicMs }[] = [];
  /** Lines with a connection that is kept, and until when connections are counted that ended uncleanly. */
  readonly kept: Set<LineId> = new Set();
  readonly counted: Map<LineId, readonly MonotonicMs[]> = new Map();
  readonly lateness: number[] = [];
  readonly notes: MemoryNotebook;
  readonly gate: HeartbeatGate;
  readonly scheduler: Scheduler;
  readonly pulse: Pulse;
  keeper: ConnectionKeeper | undefined;
  /** The STOP file; the pulse reads it. */
  stopFile = false;
  stoppedInMemory = false;
  leading = true;
  auditWritable = true;
  /** Why every device is out of reach; undefined while the poller's own cable is in. */
  cutOff: string | undefined = undefined;
  readonly paused: Map<DeviceId, { readonly from: WallMs; readonly until: WallMs }> = new Map();
  /** Until when a deep-query window covers each device. */
  readonly deepWindows: Map<DeviceId, WallMs> = new Map();
  deepQueryRuns = true;
  /** What the person's run was begun with. */
  deepQueryAsks: (check: Check) => boolean = () => true;
  readonly heard: Map<DeviceId, MonotonicMs> = new Map();
  readonly linkDown: Map<DeviceId, MonotonicMs> = new Map();

  constructor(options: SimulatedSiteOptions) {
    const { clock, witness, proven } = options.before ?? {
      clock: new FakeClock(),
      witness: { packets: [], connections: [] },
      proven: new Map<CheckId, string>(),
    };
    this.proven = proven;
    this.clock = clock;
    this.witness = witness;
    this.notes = options.notes ?? new MemoryNotebook();
    const circumstances: Circumstances = {
      stopped: () => this.stoppedInMemory,
      heardUntil: (device) => this.heard.get(device),
      linkDownUntil: (device) => this.linkDown.get(device),
      pause: ({ id }) => {
        const pause = this.paused.get(id);
        const left = (at: number): Milliseconds => Math.max(0, at - this.clock.wall()) as Milliseconds;
        return pause && pause.until > this.clock.wall() ? { beginsIn: left(pause.from), endsIn: left(pause.until) } : undefined;
      },
      deepQuery: ({ id }) => {
        const until = this.deepWindows.get(id);
        if (until === undefined) return { leave: this.deepWindows.size > 0 ? "elsewhere" : "none" };
        const endsIn = until - this.clock.wall();
        return endsIn > 0 ? { leave: "open", endsIn: endsIn as Milliseconds } : { leave: "none" };
      },
      deepQueryRuns: (check) => this.deepQueryRuns && this.deepQueryAsks(check),
      cutOff: () => this.cutOff,
      auditWritable: () => this.auditWritable,
      leading: () => this.leading,
    };
    this.pulse = new Pulse(
      clock,
      { readStop: () => this.#readStop(), disturbed: (detail) => this.gate.disturbed(detail) },
      options.pulseEveryMs as Milliseconds | undefined,
    );
    const network = {
      clock,
      witness,
      ...(options.onNearEnd && { onNearEnd: options.onNearEnd }),
      ...(options.live !== undefined && { live: options.live }),
      scriptFor: options.script ?? (() => ({ does: "answer", afterMs: 10 }) as const),
      onUnlent: (target: { readonly address: string }, detail: string) => this.gate.blocked(target.address, detail),
    };
    const speakers = new Map<string, ReturnType<typeof scriptedDriver>>();
    const speakerOf = (check: Check) => {
      if (options.driver) {
        const driver = options.driver(check);
        return driver && ("unavailable" in driver ? driver : { driver, policy: scriptedPolicy });
      }
      const driver =
        speakers.get(check.id) ?? scriptedDriver({ fault: () => options.fault?.(check) ?? "none", farewell: options.farewell ?? false });
      speakers.set(check.id, driver);
      return { driver, policy: scriptedPolicy };
    };
    const way = options.network ?? { dial: scriptedDial(network), speakerOf };
    this.gate = new HeartbeatGate(
      {
        clock,
        circumstances,
        keeper: (farewell, onClosed) => (this.keeper = new ConnectionKeeper({ clock, ...way, farewell, onClosed })),
        suspect: (now) => this.pulse.suspect(now),
        trips: options.trips ?? [],
        proven: new Map(proven),
        record: (fact) => {
          this.facts.push(fact);
          if (fact.kind === "answered" && fact.answer.said !== "gateway_only") this.proven.set(fact.check.id, fact.check.digest);
        },
        notes: this.notes,
        inFlight: {
          begin: ({ id }) => this.inFlight.push(id),
          end: ({ id }, missed) => {
            this.inFlight.splice(this.inFlight.indexOf(id), 1);
            if (missed) this.missed.push({ id, at: clock.monotonic() });
          },
          kept: (line, stands) => (stands ? this.kept.add(line) : this.kept.delete(line)),
          counted: (line, until) => this.counted.set(line, until),
        },
        stranger: options.stranger ?? (() => undefined),
      },
      options.plan,
    );
    this.scheduler = new Scheduler(
      { clock, gate: this.gate, onStart: (ms) => this.lateness.push(ms), onSkip: (check) => this.skipped.push(check) },
      options.plan,
    );
  }

  start(): void {
    this.pulse.start();
    this.scheduler.start();
  }

  adopt(plan: Plan): void {
    this.gate.adopt(plan);
    this.scheduler.adopt(plan);
  }

  async shutDown(): Promise<void> {
    this.scheduler.stop();
    const drained = this.gate.drain();
    await this.clock.advance(60_000);
    await drained;
    this.pulse.stop();
  }

  /** Frames that left for one device, by time. */
  frameTimes(device: string): readonly number[] {
    return this.witness.packets.filter((packet) => packet.kind === "frame" && packet.check.device === device).map((packet) => packet.at);
  }

  /** What a beat of the pulse looks at. */
  #readStop(): void {
    this.gate.rerouted();
    if (this.deepWindows.size > 0) this.gate.pausing();
    const stopped = this.stopFile;
    if (stopped && !this.stoppedInMemory) void this.gate.stop();
    this.stoppedInMemory = stopped;
  }
}
