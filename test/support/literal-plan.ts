/** A plan written down by hand, for tests that need one without any file: n devices of one family, each with one Modbus FC43 check. */
import type {
  Allowance,
  Check,
  CheckId,
  DeviceId,
  Line,
  LineId,
  Plan,
  PlannedDevice,
  ProfileId,
  Segment,
  SegmentId,
} from "../../src/domain/plan.ts";
import { floorOf, slotsInTurn, turnGap, turns, type Asking } from "../../src/config/compile/turns.ts";
import type { WatchlistCheck } from "../../src/config/schema/watchlist.ts";
import { frameTemplate } from "../../src/domain/template.ts";
import { milliseconds, wallMs, type WallMs } from "../../src/domain/units.ts";

export interface LiteralDevice {
  readonly name: string;
  readonly address: string;
  readonly port?: number;
  readonly intervalMs?: number;
  readonly segment?: string;
  readonly profile?: string;
  readonly connection?: "fresh" | "kept";
  /** Several names share a line by giving one. */
  readonly line?: string;
  readonly unitId?: number;
  readonly holdAfterTimeoutMs?: number;
  readonly approvedUntil?: WallMs;
  readonly vendors?: readonly string[];
  readonly connectWithinMs?: number;
  readonly answerWithinMs?: number;
  /** The protocol has a word for goodbye. */
  readonly closingRequests?: number;
  /** 2 unless said otherwise. */
  readonly freeConnections?: number;
  /** On a serial port of the poller's own; `address` is its device file. */
  readonly overSerial?: true;
  /** How long the device may count a connection whose end it has not seen; half an hour unless said otherwise. */
  readonly idleTimeoutMs?: number;
  /** Takes turns with the others of its line, or on a gateway's line with those of its unit. */
  readonly floorMs?: number;
  /** What a deep query may read of it: FC 43/14, regular, and FC 17. The heartbeat then keeps `floorMs`, 30 s unless said otherwise. */
  readonly deep?: true;
  /** The same is asked in the session that the heartbeat keeps. */
  readonly deepWithin?: true;
  /** Devices or gateways through which it is reached. */
  readonly behind?: readonly string[];
  /** Where it stands, as the compiler says. */
  readonly places?: readonly string[];
  /** Devices that are the same piece of hardware. */
  readonly hardware?: readonly string[];
}

export interface LiteralLimits {
  readonly segmentStartsPerSecondMax?: number;
  readonly siteStartsPerSecondMax?: number;
}

const nothing: Allowance = { connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: [] };

/** The FC43/14 request, basic, object 0: the two bytes of the transaction id are free. */
export function fc43Frame(unitId: number, transaction = 0): Uint8Array {
  return Uint8Array.of(transaction >> 8, transaction & 0xff, 0, 0, 0, 5, unitId, 0x2b, 0x0e, 1, 0);
}

export function literalCheck(device: LiteralDevice): Check<{ unitId: number }> {
  const unitId = device.unitId ?? 1;
  const mask = new Uint8Array(11).fill(0xff).fill(0, 0, 2);
  const template = frameTemplate("modbus-read-device-identification", fc43Frame(unitId), mask);
  const asking: Allowance = { connectionsMax: 0, requestsMax: 1, bytesMax: 11, templates: [template] };
  const farewells = device.closingRequests ?? 0;
  return {
    id: `${device.name}/modbus-fc43` as CheckId,
    device: device.name as DeviceId,
    method: "modbus-fc43",
    protocol: "modbus",
    target: device.overSerial
      ? { address: device.address, port: 0, transport: "serial", serial: { baudRate: 9600, parity: "even", stopBits: 1 } }
      : { address: device.address, port: device.port ?? 502, transport: "tcp" },
    line: (device.line ?? `address:${device.address}`) as LineId,
    interval: milliseconds(device.intervalMs ?? 60_000),
    slot: milliseconds(0),
    missesToDown: 3,
    connection: device.connection ?? "fresh",
    connectWithin: milliseconds(device.connectWithinMs ?? 800),
    answerWithin: milliseconds(device.answerWithinMs ?? 5000),
    ask: { unitId },
    opening: { ...nothing, connectionsMax: 1 },
    asking,
    closing: farewells > 0 ? { ...asking, requestsMax: farewells, bytesMax: 11 * farewells } : nothing,
    proves: "comms-module",
    ...(device.vendors ? { expectedIdentity: { vendors: device.vendors, products: [] } } : {}),
    approvedUntil: device.approvedUntil ?? wallMs(Date.parse("2028-02-21")),
    digest: `sha256:${JSON.stringify(device)}`,
  };
}

/** Each with its check; those that take turns as the compiler has them. */
function inTurn(devices: readonly LiteralDevice[]) {
  const all = devices.map((device) => ({ device, check: literalCheck(device), segment: (device.segment ?? "hvac") as SegmentId }));
  const askings = all.flatMap(({ device, check: { line, interval } }) => {
    if (device.floorMs === undefined) return [];
    const bus = line.startsWith("gateway:") ? {} : undefined;
    const place = { entry: { id: device.name, via: "fw" }, line, bus, hardware: undefined } as unknown as Asking["place"];
    const check = { method: "modbus-fc43", unitId: device.unitId ?? 1 } as WatchlistCheck;
    return [{ device, asking: { place, check, interval, floor: milliseconds(device.floorMs) } }];
  });
  const turnOf = turns(askings.map(({ asking }) => asking));
  const ofDevice = new Map(askings.map(({ device, asking }) => [device, turnOf.get(asking.check)]));
  return all.map(({ device, check, segment }) => {
    const turn = ofDevice.get(device);
    return {
      device,
      segment,
      turn,
      check: turn ? { ...check, interval: turn.interval, period: turn.period, floor: floorOf(turn) } : check,
    };
  });
}

/** The same as its heartbeat, but for what is read. */
function deepChecks(device: LiteralDevice, beat: Check): readonly Check[] {
  if (!device.deep) return [];
  const unitId = device.unitId ?? 1;
  return (["modbus-identification-regular", "modbus-server-id"] as const).map((read): Check => {
    const pdu = read === "modbus-server-id" ? [17] : [0x2b, 0x0e, 2, 0];
    const frame = Uint8Array.of(0, 0, 0, 0, 0, pdu.length + 1, unitId, ...pdu);
    const mask = new Uint8Array(frame.length).fill(0xff).fill(0, 0, 2);
    // The object with which a divided answer goes on.
    if (read !== "modbus-server-id") mask[10] = 0;
    const operation = read === "modbus-server-id" ? "modbus-report-server-id" : "modbus-read-device-identification";
    return {
      ...beat,
      id: `${device.name}/deep-${read}` as CheckId,
      method: read === "modbus-server-id" ? "modbus-fc17" : "modbus-fc43",
      interval: milliseconds(device.floorMs ?? 30_000),
      ask: { unitId, read },
      asking: { connectionsMax: 0, requestsMax: 1, bytesMax: frame.length, templates: [frameTemplate(operation, frame, mask)] },
      deep: { read },
      ...(device.deepWithin && { connection: "fresh", within: beat.id }),
      digest: `${beat.digest} deep ${read}`,
    };
  });
}

export function literalPlan(devices: readonly LiteralDevice[], limits: LiteralLimits = {}): Plan {
  const bare = inTurn(devices);
  const offsets = slotsInTurn(
    bare.map(({ check, segment, turn }) => ({ ...check, turn, place: { line: check.line, segment: { id: segment } } })),
  );
  const checks = bare.map(({ check, device }) => ({
    ...check,
    slot: offsets.get(check.id) ?? milliseconds(0),
    ...(device.deep && !check.floor && { floor: { device: check.line, gap: milliseconds(device.floorMs ?? 30_000) } }),
  }));
  const deep = bare.flatMap(({ device }, index) => deepChecks(device, checks[index]!));
  const byLine = Map.groupBy(bare, ({ check }) => check.line);
  const lines = [...byLine].map(([id, members]): [LineId, Line] => {
    const rate = members.reduce((sum, { check }) => sum + 1 / check.interval, 0);
    const { turn } = members[0]!;
    const even = milliseconds(members.length === 1 ? members[0]!.check.interval : 0.7 / rate);
    const gap = turn && members.length === turn.of ? turnGap(turn, turn.of) : even;
    const { holdAfterTimeoutMs = 0, freeConnections = 2, idleTimeoutMs = 1_800_000 } = members[0]!.device;
    const connections = { free: freeConnections, countedAfterReset: milliseconds(30_000), countedAfterLoss: milliseconds(idleTimeoutMs) };
    return [id, { id, segment: members[0]!.segment, gap, holdAfterTimeout: milliseconds(holdAfterTimeoutMs), connections }];
  });
  const segments = [...new Set(bare.map(({ segment }) => segment))].map((id): [SegmentId, Segment] => [
    id,
    { id, zone: "OT-1", subnet: "192.0.2.0/24", localAddress: "192.0.2.5", startsPerSecondMax: limits.segmentStartsPerSecondMax ?? 2 },
  ]);
  const planned = bare.map(({ device, check, segment }): [DeviceId, PlannedDevice] => [
    check.device,
    {
      id: check.device,
      name: device.name,
      segment,
      zone: "OT-1",
      function: "control",
      category: "II",
      profile: (device.profile ?? "generic-modbus-tcp") as ProfileId,
      stage: "approved",
      behind: device.behind ?? [],
      ...(device.places && { places: device.places }),
      ...(device.hardware && { hardware: device.hardware as DeviceId[] }),
      checks: [check.id],
    },
  ]);
  return {
    site: "test",
    lab: true,
    digest: `sha256:${JSON.stringify(devices)}`,
    siteStartsPerSecondMax: limits.siteStartsPerSecondMax ?? 10,
    segments: new Map(segments),
    lines: new Map(lines),
    families: new Map(),
    devices: new Map(planned),
    checks: new Map(checks.map((check) => [check.id, check])),
    refused: new Map(),
    deep: new Map(deep.map((check) => [check.id, check])),
    deepRefused: new Map(),
  };
}
