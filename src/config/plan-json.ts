/** `plan --json`, the interface plan/v1: everything that may be sent, how often and at worst, for programs that check captures, write manifests or draw up forms. */
import { deepReadName } from "../domain/deep-reads.ts";
import { budgetShareMax } from "../domain/limits.ts";
import { operationsOf, type Allowance, type Check, type Plan, type Target } from "../domain/plan.ts";
import { standingReasons, type StandingReason } from "../domain/reasons.ts";
import { periodOf } from "../domain/slots.ts";
import { templateJson, type TemplateJson } from "../domain/template.ts";
import { alarms, type Alarm } from "./compile/alarm.ts";
import type { Compiled } from "./compile/compile.ts";
import { busUses } from "./compile/lines.ts";
import type { Proposal } from "./compile/proposals.ts";
import { checkWorstCase, type CheckWorstCase, type Sysctls } from "./compile/worst-case.ts";

/** A new member may come with any release; a member that goes, or means something else, makes it plan/v2. */
export interface PlanJson {
  readonly schema: "plan/v1";
  readonly site: string;
  /** Tests and demonstrations: low floors, documentation addresses. */
  readonly lab: boolean;
  readonly digest: string;
  readonly budgets: {
    readonly site: BudgetJson;
    readonly segments: readonly (BudgetJson & { readonly id: string; readonly zone: string; readonly subnet: string })[];
  };
  readonly profiles: readonly { readonly id: string; readonly covers: string }[];
  readonly devices: readonly DeviceJson[];
  readonly lines: readonly LineJson[];
  readonly checks: readonly CheckJson[];
  /** What a deep query may ask inside its window, and nothing else ever does. */
  readonly deepChecks: readonly DeepCheckJson[];
  readonly refused: readonly RefusedJson[];
  /** Checks that are asked less often than the watchlist says. */
  readonly raised: readonly RaisedJson[];
  /** The figures were worked out for these settings of the kernel. */
  readonly sysctls: Sysctls;
}

export interface LineJson {
  readonly id: string;
  readonly segment: string;
  readonly gapMs: number;
  readonly holdAfterTimeoutMs: number;
  /** Of the pool at its end, what is left for us; those that the device may still count after an unclean end included. */
  readonly connectionsFree: number;
  /** Of a serial bus behind a gateway: what dead units would take of its time; at most a tenth. null elsewhere. */
  readonly bus: { readonly deadUnitTakesMs: number; readonly shareOfOneDead: number; readonly shareOfAllDead: number } | null;
}

export interface BudgetJson {
  readonly startsPerSecondMax: number;
  /** What the plan carries at most: 70 %. */
  readonly startsPerSecondUsable: number;
  readonly startsPerSecondPlanned: number;
}

export interface DeviceJson {
  readonly id: string;
  readonly name: string;
  readonly segment: string;
  readonly zone: string;
  readonly function: string;
  readonly category: string;
  readonly profile: string;
  readonly stage: string;
  readonly digest: string | null;
  /** Gateways and devices through which it is reached, by id. */
  readonly behind: readonly string[];
  /** The other devices of the same piece of hardware; absent where there is none. */
  readonly hardware?: readonly string[];
  readonly checks: readonly string[];
}

export type FrameJson = TemplateJson;

export interface PhaseJson {
  readonly connectionsMax: number;
  readonly requestsMax: number;
  readonly bytesMax: number;
  readonly frames: readonly FrameJson[];
}

export interface TargetJson {
  readonly address: string;
  readonly port: number;
  readonly transport: string;
  readonly localAddress: string | null;
}

export interface CheckJson {
  readonly id: string;
  readonly device: string;
  readonly method: string;
  readonly protocol: string;
  readonly target: TargetJson;
  readonly line: string;
  readonly intervalMs: number;
  readonly slotMs: number;
  readonly slotPeriodMs: number;
  /** Between any two requests to this device, of whichever of its checks; null where this is its only one. */
  readonly floor: { readonly device: string; readonly gapMs: number } | null;
  readonly missesToDown: number;
  readonly connection: "fresh" | "kept";
  readonly connectWithinMs: number;
  readonly answerWithinMs: number;
  readonly operations: readonly string[];
  readonly opening: PhaseJson;
  readonly asking: PhaseJson;
  readonly closing: PhaseJson;
  readonly proves: string;
  /** RFC 3339, in UTC; nothing is asked from here on. */
  readonly approvedUntil: string;
  readonly alarmAtLatestAfterMs: number;
  readonly mayWaitForSharedBudget: boolean;
  readonly worstCase: CheckWorstCase;
  readonly digest: string;
}

/** `intervalMs`: between two questions at least, whatever the runs; it has no slot and no alarm of its own. */
export type DeepCheckJson = Omit<CheckJson, OfHeartbeats> & {
  /** `modbus-identification-regular`, as the profile's `deepQuery` has it. */
  readonly read: string;
  /** The heartbeat in whose session it is asked, where that stands: then only what `asking` has is sent. null: always by itself. */
  readonly within: string | null;
};
type OfHeartbeats = "slotMs" | "slotPeriodMs" | "missesToDown" | "alarmAtLatestAfterMs" | "mayWaitForSharedBudget";

export interface RefusedJson {
  readonly check: string;
  readonly device: string;
  readonly method: string;
  readonly reason: StandingReason;
  readonly meaning: string;
  readonly detail: string;
  /** Everything else that stands against it. */
  readonly further: readonly { readonly reason: StandingReason; readonly detail: string }[];
  /** What would be sent. */
  readonly frames: readonly FrameJson[];
  /** A signature is among what it lacks, and nothing forbids it for good: what follows is what would be sent if approved. */
  readonly waitsForApproval: boolean;
  /** null, as all that follows, where this build cannot speak the method. */
  readonly target: TargetJson | null;
  readonly intervalMs: number | null;
  readonly connection: "fresh" | "kept" | null;
  readonly connectWithinMs: number | null;
  readonly answerWithinMs: number | null;
  readonly worstCase: CheckWorstCase | null;
  /** null as well where it does not wait for approval. */
  readonly alarmAtLatestAfterMs: number | null;
}

export interface RaisedJson {
  readonly check: string;
  readonly statedMs: number;
  readonly intervalMs: number;
  readonly by: "floor" | "profile" | "turns";
  /** With "turns": how many checks share the floor of their device, and the floor. null otherwise. */
  readonly turns: { readonly of: number; readonly floorMs: number } | null;
}

export type PlanSource = Pick<Compiled, "plan" | "covers" | "deviceDigests" | "findings" | "proposals" | "raised">;

export function planJson({ plan, covers, deviceDigests, findings, proposals, raised }: PlanSource, sysctls: Sysctls): PlanJson {
  const alarmOf = alarms(plan);
  return {
    schema: "plan/v1",
    site: plan.site,
    lab: plan.lab,
    digest: plan.digest,
    budgets: budgetsJson(plan),
    profiles: [...covers].map(([id, digest]) => ({ id, covers: digest })),
    devices: [...plan.devices.values()].map(({ places: _places, ...device }) => ({
      ...device,
      behind: [...device.behind],
      checks: [...device.checks],
      digest: deviceDigests.get(device.id) ?? null,
    })),
    lines: linesJson(plan),
    checks: [...plan.checks.values()].map((check) => checkJson(check, alarmOf.get(check.id)!, sysctls)),
    deepChecks: [...plan.deep.values()].map((check) => ({
      ...askedJson(check, sysctls),
      read: deepReadName(check.deep!),
      within: check.within ?? null,
    })),
    refused: [...plan.refused.values()].map(({ check, device, method, reason, detail, templates }) => ({
      check,
      device,
      method,
      reason,
      meaning: standingReasons[reason],
      detail,
      further: (findings.get(check) ?? []).slice(1),
      frames: templates.map(templateJson),
      ...proposalJson(proposals.get(check), sysctls),
    })),
    raised: [...raised].map(([check, { stated, interval, by, turn }]) => ({
      check,
      statedMs: stated,
      intervalMs: interval,
      by,
      turns: turn === undefined ? null : { of: turn.of, floorMs: turn.floor },
    })),
    sysctls,
  };
}

function linesJson(plan: Plan): readonly LineJson[] {
  const uses = busUses(plan);
  return [...plan.lines.values()].map(({ id, segment, gap, holdAfterTimeout, connections }) => {
    const use = uses.get(id);
    const bus = use && {
      deadUnitTakesMs: use.deadUnitTakes,
      shareOfOneDead: rounded(use.shareOfOneDead),
      shareOfAllDead: rounded(use.shareOfAllDead),
    };
    return { id, segment, gapMs: gap, holdAfterTimeoutMs: holdAfterTimeout, connectionsFree: connections.free, bus: bus ?? null };
  });
}

function budgetsJson({ checks, devices, segments, siteStartsPerSecondMax }: Plan): PlanJson["budgets"] {
  const bySegment = Map.groupBy(checks.values(), ({ device }) => devices.get(device)?.segment);
  const budget = (startsPerSecondMax: number, members: Iterable<Check>): BudgetJson => ({
    startsPerSecondMax,
    startsPerSecondUsable: rounded(startsPerSecondMax * budgetShareMax),
    startsPerSecondPlanned: rounded([...members].reduce((sum, { interval }) => sum + 1000 / interval, 0)),
  });
  return {
    site: budget(siteStartsPerSecondMax, checks.values()),
    segments: [...segments.values()].map(({ id, zone, subnet, startsPerSecondMax }) => ({
      id,
      zone,
      subnet,
      ...budget(startsPerSecondMax, bySegment.get(id) ?? []),
    })),
  };
}

function checkJson(check: Check, alarm: Alarm, sysctls: Sysctls): CheckJson {
  return {
    ...askedJson(check, sysctls),
    slotMs: rounded(check.slot),
    slotPeriodMs: periodOf(check),
    missesToDown: check.missesToDown,
    alarmAtLatestAfterMs: Math.ceil(alarm.atLatestAfter),
    mayWaitForSharedBudget: alarm.mayWait,
  };
}

function askedJson(check: Check, sysctls: Sysctls): Omit<CheckJson, OfHeartbeats> {
  const { target } = check;
  return {
    id: check.id,
    device: check.device,
    method: check.method,
    protocol: check.protocol,
    target: targetJson(target),
    line: check.line,
    intervalMs: check.interval,
    floor: check.floor === undefined ? null : { device: check.floor.device, gapMs: check.floor.gap },
    connection: check.connection,
    connectWithinMs: check.connectWithin,
    answerWithinMs: check.answerWithin,
    operations: operationsOf(check),
    opening: phaseJson(check.opening),
    asking: phaseJson(check.asking),
    closing: phaseJson(check.closing),
    proves: check.proves,
    approvedUntil: new Date(check.approvedUntil).toISOString(),
    worstCase: checkWorstCase(sysctls, check),
    digest: check.digest,
  };
}

function proposalJson(proposal: Proposal | undefined, sysctls: Sysctls) {
  const { check, alarm } = proposal ?? {};
  return {
    waitsForApproval: alarm !== undefined,
    target: check === undefined ? null : targetJson(check.target),
    intervalMs: check?.interval ?? null,
    connection: check?.connection ?? null,
    connectWithinMs: check?.connectWithin ?? null,
    answerWithinMs: check?.answerWithin ?? null,
    worstCase: check === undefined ? null : checkWorstCase(sysctls, check),
    alarmAtLatestAfterMs: alarm === undefined ? null : Math.ceil(alarm.atLatestAfter),
  };
}

function targetJson({ address, port, transport, localAddress }: Target): TargetJson {
  return { address, port, transport, localAddress: localAddress ?? null };
}

function phaseJson({ connectionsMax, requestsMax, bytesMax, templates }: Allowance): PhaseJson {
  return { connectionsMax, requestsMax, bytesMax, frames: templates.map(templateJson) };
}

/** To a thousandth: sums of sixtieths end in noise. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export { kernelWorstCase, usualSysctls, type KernelWorstCase, type Sysctls } from "./compile/worst-case.ts";
