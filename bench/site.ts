/** A site without files, and the whole way of a heartbeat put together as run-poller.ts does it: gate, keeper, wire, driver, recorder, board. */
import type { Fact } from "../src/domain/outcome.ts";
import type { Check, CheckId, Plan } from "../src/domain/plan.ts";
import { milliseconds, wallMs, type Milliseconds, type WallMs } from "../src/domain/units.ts";
import type { Protocol } from "../src/domain/operations.ts";
import type { Dial, FramePolicy } from "../src/domain/wire.ts";
import { drivers, methods } from "../src/drivers/registry.ts";
import { HeartbeatGate } from "../src/safety/gate.ts";
import type { Outstanding } from "../src/exporters/asked-now.ts";
import { ConnectionKeeper } from "../src/safety/keeper.ts";
import { Pulse } from "../src/safety/pulse.ts";
import { emptyChain } from "../src/store/audit-chain.ts";
import { MemoryBoard } from "../src/store/board.ts";
import type { StoreJournal } from "../src/store/journal.ts";
import { BoardRecorder } from "../src/store/recorder.ts";
import { systemClock } from "../src/system-clock.ts";
import { modbusPolicy } from "../src/wire/frames/modbus.ts";
import { opcuaPolicy } from "../src/wire/frames/opcua.ts";
import type { MovedClock } from "./moved-clock.ts";
import { literalPlan } from "../test/support/literal-plan.ts";

/** Every interval of a bench: the shortest that the product allows. */
export const intervalMs = 30_000;
const segmentCount = 20;

export interface SiteSize {
  readonly devices: number;
  readonly connection: "fresh" | "kept";
  /** Where device `index` answers. */
  readonly placeOf: (index: number) => { readonly address: string; readonly port: number };
}

/** As the planner's thread hands it over: nothing is shared with what it was made from. Rates are the most that an owner may allow. */
export function sitePlan({ devices, connection, placeOf }: SiteSize): Plan {
  const plan = literalPlan(
    Array.from({ length: devices }, (_, index) => ({
      ...placeOf(index),
      name: `plc-${String(index).padStart(5, "0")}`,
      // Many devices answer at few addresses here; in a plant each has its own.
      line: `address:plc-${index}`,
      segment: `segment-${index % segmentCount}`,
      intervalMs,
      connection,
    })),
    { segmentStartsPerSecondMax: 200, siteStartsPerSecondMax: 1000 },
  );
  return withChecks(plan, [...plan.checks.values()].map(speaking));
}

/** The same plan with other checks, as the planner's thread hands it over. */
export function withChecks(plan: Plan, checks: readonly Check[]): Plan {
  return structuredClone({ ...plan, digest: "sha256:bench", checks: new Map(checks.map((check): [CheckId, Check] => [check.id, check])) });
}

/** A check of a literal plan with the request that the method itself makes. */
export function speaking(check: Check): Check {
  const method = methods.get("modbus-fc43")!;
  const parsed = method.parse({ unitId: 1 });
  if (!("ask" in parsed)) throw new Error(`bench: ${parsed.problems.join("; ")}`);
  const { ask } = parsed;
  return {
    ...check,
    ask,
    opening: method.opening(ask),
    asking: method.asking(ask),
    closing: method.closing(ask),
    digest: `sha256:${check.id}`,
  };
}

type Happening = Exclude<Fact, { kind: "answered" | "failed" | "refused" }>;

export interface Site {
  readonly board: MemoryBoard;
  readonly gate: HeartbeatGate;
  readonly recorder: BoardRecorder;
  /** Finds devices whose evidence has grown old, as the poller does every 5 s. */
  sweep(): void;
  end(): Promise<void>;
}

const policies: ReadonlyMap<Protocol, FramePolicy> = new Map([
  ["modbus", modbusPolicy],
  ["opcua", opcuaPolicy],
]);

/** `clock` may be moved; the pulse goes by the real one, since a moved clock is just what it is there to notice. */
export function openSite(
  plan: Plan,
  clock: MovedClock,
  dial: (blocked: (address: string, detail: string) => void) => Dial,
  happened: (fact: Happening) => void = surprised,
): Site {
  const board = new MemoryBoard(clock, plan, { stopped: false, trips: [], proven: new Map() });
  const observer = { transition: (): void => {}, happened };
  const recorder = new BoardRecorder({ board, journal: noJournal, clock, observer });
  const gate: HeartbeatGate = new HeartbeatGate(
    {
      clock,
      circumstances: {
        stopped: () => false,
        cutOff: () => undefined,
        auditWritable: () => true,
        leading: () => true,
        heardUntil: () => undefined,
        linkDownUntil: () => undefined,
        pause: () => undefined,
        deepQuery: () => ({ leave: "none" }),
        deepQueryRuns: () => false,
      },
      keeper: (farewell, onClosed) =>
        new ConnectionKeeper({
          clock,
          dial: dial((address, detail) => gate.blocked(address, detail)),
          farewell,
          onClosed,
          speakerOf: ({ protocol }) => {
            const [driver, policy] = [drivers.get(protocol), policies.get(protocol)];
            return driver && policy && { driver, policy };
          },
        }),
      suspect: (now) => pulse.suspect(clock.unmoved(now)),
      trips: [],
      proven: new Map(),
      record: (fact) => recorder.record(fact),
      notes: { recall: () => undefined, note: () => undefined },
      inFlight: { begin: () => {}, end: () => {}, kept: () => {}, counted: () => {} },
      stranger: () => undefined,
    },
    plan,
  );
  const pulse = new Pulse(systemClock, { readStop: () => {}, disturbed: (detail) => gate.disturbed(detail) });
  pulse.start();
  return {
    board,
    gate,
    recorder,
    sweep: () => recorder.sweep(clock.monotonic()),
    async end() {
      await gate.drain();
      pulse.stop();
    },
  };
}

/** Until the pulse has beaten once, nothing may be asked. */
export async function awake({ gate }: Pick<Site, "gate">, plan: Plan, clock: MovedClock): Promise<void> {
  const [first] = plan.checks.values();
  const until = systemClock.monotonic() + 10_000;
  for (let verdict = gate.preview(first!); !verdict.admitted; verdict = gate.preview(first!)) {
    if (systemClock.monotonic() > until) throw new Error(`bench: the gate refuses: ${verdict.reason}`);
    // On a busy machine a stall was noticed since: everybody waits a full interval from then.
    if (verdict.reason === "line_budget") clock.move(milliseconds(intervalMs));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Asks one check, `apart` after the last one. A machine so busy that the poller takes it for a freeze costs an interval, of which a bench has enough. */
export async function answered({ board, gate }: Site, id: CheckId, clock: MovedClock, apart: Milliseconds): Promise<void> {
  clock.move(apart);
  let outcome = await gate.exchange(id, "schedule");
  for (let again = 0; outcome?.kind === "refused" && again < 5; again++) {
    clock.move(milliseconds(intervalMs));
    await awake({ gate }, board.plan, clock);
    outcome = await gate.exchange(id, "schedule");
  }
  if (outcome?.kind !== "answered") throw new Error(`bench: ${id} was not answered: ${outcome?.kind ?? "not planned"}`);
}

/** A bench that measures something else than heartbeats must say so. */
function surprised({ kind }: Happening): void {
  if (kind !== "stalled") throw new Error(`bench: ${kind}, where only heartbeats were expected`);
}

/** Keeps nothing: the database runs in a thread of its own, and heartbeats that go on as before write no record. */
export const noJournal: StoreJournal = {
  transition() {},
  audit() {},
  tripped() {},
  reset() {},
  proved() {},
  learnt() {},
  noteTime() {},
  identity() {},
  settled: () => Promise.resolve(),
  allWritten: () => Promise.resolve(),
  close: () => Promise.resolve(),
  unwritableSince: undefined,
  unwritableFor: undefined,
  auditHead: emptyChain,
  lost: 0,
  problem: undefined,
};

/** A clock that nobody sets. */
export const steadyTime: { readonly highest: WallMs; readonly behind: Milliseconds } = { highest: wallMs(0), behind: milliseconds(0) };

/** Nobody is being asked, and every device has a connection to spare. */
export const nothingOut: Outstanding = { count: 0, oldest: milliseconds(0), connectionsFree: () => 2 };
