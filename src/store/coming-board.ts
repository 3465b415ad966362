/** What the board is to hold under a plan that is still being worked out: records that stay are the very ones in use, so that whatever they learn until then counts. */
import type { Check, CheckId, DeviceId, Plan, PlannedDevice, SegmentId } from "../domain/plan.ts";
import type { StandingReason } from "../domain/reasons.ts";
import { sliced, type Preparing } from "../domain/taking-over.ts";
import { CheckRecord } from "./check-record.ts";
import { newRecord, type DeviceRecord } from "./device-record.ts";
import { reasonsByDevice } from "./plan-scopes.ts";

export interface BoardNow {
  readonly plan: Plan;
  readonly devices: ReadonlyMap<DeviceId, DeviceRecord>;
  readonly checks: ReadonlyMap<CheckId, CheckRecord>;
}

/** A device as the plan has it, and the record that is to be of it. */
interface Bound {
  readonly record: DeviceRecord;
  readonly device: PlannedDevice;
  readonly refusal: StandingReason | undefined;
  /** Its checks, where what is believed of it has to be worked out anew. */
  readonly anew: readonly Check[] | undefined;
}

export interface ComingBoard {
  readonly devices: Map<DeviceId, DeviceRecord>;
  readonly checks: Map<CheckId, CheckRecord>;
  readonly bound: readonly Bound[];
  /** Checks that send the same bytes to the same place as before. */
  readonly rebound: readonly (readonly [record: CheckRecord, check: Check])[];
  /** Segments of the devices that are gone. */
  readonly departed: Map<DeviceId, SegmentId>;
}

export function* comingBoard(now: BoardNow, plan: Plan): Preparing<ComingBoard> {
  const refusals = reasonsByDevice(plan);
  const devices = new Map<DeviceId, DeviceRecord>();
  const bound: Bound[] = [];
  yield* sliced(plan.devices, ([id, device]) => {
    const checks = device.checks.flatMap((check) => plan.checks.get(check) ?? []);
    const known = now.devices.get(id);
    const record = known ?? newRecord(device, checks);
    const stays = known !== undefined && believedAlike(now.plan, known.device, device, checks);
    bound.push({ record, device, refusal: refusals.get(id), anew: stays ? undefined : checks });
    devices.set(id, record);
  });
  const checks = new Map<CheckId, CheckRecord>();
  const rebound: [CheckRecord, Check][] = [];
  yield* sliced(plan.checks, ([id, check]) => {
    const known = now.checks.get(id);
    const stays = known?.check.digest === check.digest ? known : undefined;
    if (stays) rebound.push([stays, check]);
    checks.set(id, stays ?? new CheckRecord(check));
  });
  const departed = new Map<DeviceId, SegmentId>();
  yield* sliced(now.plan.devices, ([id, { segment }]) => {
    if (!devices.has(id)) departed.set(id, segment);
  });
  return { devices, checks, bound, rebound, departed };
}

/** Nothing by which its state is judged is different: its checks, their pace, and every scope that a stop or a trip may have. */
function believedAlike({ checks: before }: Plan, old: PlannedDevice, device: PlannedDevice, checks: readonly Check[]): boolean {
  const sameScopes = old.segment === device.segment && old.profile === device.profile && same(old.hardware, device.hardware);
  return sameScopes && same(old.checks, device.checks) && checks.every((check) => samePace(before.get(check.id), check));
}

function samePace(old: Check | undefined, { digest, interval, missesToDown }: Check): boolean {
  return old?.digest === digest && old.interval === interval && old.missesToDown === missesToDown;
}

function same(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return String(a) === String(b);
}
