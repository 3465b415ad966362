/** The real gate over a site of one device that does not exist, with a clock moved by hand and a wire that counts and sends nothing. */
import type { Clock } from "../../domain/clock.ts";
import type { Driver } from "../../domain/driver.ts";
import type { Circumstances } from "../../domain/gate.ts";
import { milliseconds, monotonicMs, seconds, wallMs, type Milliseconds, type MonotonicMs, type WallMs } from "../../domain/units.ts";
import type { Allowance, Check, CheckId, DeviceId, LineId, Plan, ProfileId, SegmentId } from "../../domain/plan.ts";
import { frameTemplate } from "../../domain/template.ts";
import type { Dial } from "../../domain/wire.ts";
import { HeartbeatGate } from "../../safety/gate.ts";
import { ConnectionKeeper, type Speaker } from "../../safety/keeper.ts";
import { modbusPolicy } from "../../wire/frames/modbus.ts";

export const toyInterval: Milliseconds = seconds(60);

/** Timers never fire: nothing of the self-test waits. */
export class HandClock implements Clock {
  #now = 0;

  monotonic(): MonotonicMs {
    return monotonicMs(this.#now);
  }
  wall(): WallMs {
    return wallMs(this.#now);
  }
  at(): () => void {
    return () => undefined;
  }
  move(span: Milliseconds): void {
    this.#now += span;
  }
}

export interface ToyGate {
  readonly clock: HandClock;
  readonly gate: HeartbeatGate;
  readonly check: CheckId;
  /** How often a connection was about to be opened. */
  dialled(): number;
}

export function toyGate(stopped: Circumstances["stopped"], plan: Plan = toyPlan()): ToyGate {
  const clock = new HandClock();
  let dialled = 0;
  const dial: Dial = (permit) => {
    dialled += 1;
    permit.spendConnection();
    return Promise.resolve({ by: "us", failure: "unreachable", detail: "self-test: nothing is opened" });
  };
  const circumstances: Circumstances = {
    stopped,
    cutOff: () => undefined,
    auditWritable: () => true,
    leading: () => true,
    heardUntil: () => undefined,
    linkDownUntil: () => undefined,
    pause: () => undefined,
    deepQuery: () => ({ leave: "none" }),
    deepQueryRuns: () => false,
  };
  const gate = new HeartbeatGate(
    {
      clock,
      circumstances,
      keeper: (farewell) => new ConnectionKeeper({ clock, dial, farewell, speakerOf: () => mute, onClosed: () => undefined }),
      suspect: () => false,
      trips: [],
      proven: new Map(),
      record: () => undefined,
      notes: { recall: () => undefined, note: () => undefined },
      inFlight: { begin: () => undefined, end: () => undefined, kept: () => undefined, counted: () => undefined },
      stranger: () => undefined,
    },
    plan,
  );
  return { clock, gate, check: toyCheck, dialled: () => dialled };
}

const driver: Driver = {
  protocol: "modbus",
  prepare: () => Promise.resolve(),
  open: () => Promise.reject(new Error("the self-test opens no session")),
};
const mute: Speaker = { driver, policy: modbusPolicy };

const toyCheck = "self-test/modbus-fc43" as CheckId;
const nothing: Allowance = { connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: [] };

function toyPlan(): Plan {
  const [segment, line, device] = ["self-test" as SegmentId, "address:192.0.2.1" as LineId, "self-test" as DeviceId];
  const frame = Uint8Array.of(0, 1, 0, 0, 0, 5, 1, 0x2b, 0x0e, 1, 0);
  const template = frameTemplate("modbus-read-device-identification", frame, new Uint8Array(frame.length).fill(0xff));
  const check: Check = {
    id: toyCheck,
    device,
    method: "modbus-fc43",
    protocol: "modbus",
    // Documentation addresses (RFC 5737): should all else fail, nobody is there.
    target: { address: "192.0.2.1", port: 502, transport: "tcp" },
    line,
    interval: toyInterval,
    slot: milliseconds(0),
    missesToDown: 3,
    connection: "fresh",
    connectWithin: milliseconds(800),
    answerWithin: seconds(5),
    ask: undefined,
    opening: { ...nothing, connectionsMax: 1 },
    asking: { connectionsMax: 0, requestsMax: 1, bytesMax: frame.length, templates: [template] },
    closing: nothing,
    proves: "network-interface",
    approvedUntil: wallMs(Number.MAX_SAFE_INTEGER),
    digest: "self-test",
  };
  const connections = { free: 1, countedAfterReset: milliseconds(0), countedAfterLoss: milliseconds(0) };
  const planned = {
    id: device,
    name: "self-test",
    segment,
    zone: "self-test",
    function: "control",
    category: "I",
    profile: "self-test" as ProfileId,
    stage: "approved",
    behind: [],
    checks: [toyCheck],
  } as const;
  return {
    site: "self-test",
    lab: false,
    digest: "self-test",
    siteStartsPerSecondMax: 10,
    segments: new Map([
      [segment, { id: segment, zone: "self-test", subnet: "192.0.2.0/24", localAddress: "192.0.2.2", startsPerSecondMax: 2 }],
    ]),
    lines: new Map([[line, { id: line, segment, gap: toyInterval, holdAfterTimeout: milliseconds(0), connections }]]),
    devices: new Map([[device, planned]]),
    families: new Map(),
    checks: new Map([[toyCheck, check]]),
    refused: new Map(),
    deep: new Map(),
    deepRefused: new Map(),
  };
}
