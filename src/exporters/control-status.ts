/** The board in the words of the control socket: what `status` prints, and one outcome as `check` tells it. */
import type { Board, CheckView, DeviceView, Evidence, Hold } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import { certificatesOf, certificateWords, type OwnedCertificate } from "../domain/certificate-words.ts";
import type {
  CertificateStatus,
  CheckOutcome,
  CheckStatus,
  DeviceStatus,
  FamilyStatus,
  HoldStatus,
  Instant,
  RefusedStatus,
  Status,
  TripStatus,
} from "../domain/control.ts";
import type { Answer, Outcome, Scope, Trip } from "../domain/outcome.ts";
import type { CheckId, DeviceId, StandingRefusal } from "../domain/plan.ts";
import { failureKinds, passingReasons, standingReasons } from "../domain/reasons.ts";
import { endWords, segmentWords, stepWords } from "../domain/stage-words.ts";
import { approvalAge, type PlannedFamily } from "../domain/stages.ts";
import { identityStatus } from "./identity-status.ts";
import { wallMs, type MonotonicMs, type WallMs } from "../domain/units.ts";

/** When each check is due: the scheduler's answer. */
export type DueAt = (check: CheckId) => MonotonicMs | undefined;

/** When a held scope has its next trial: the gate's answer. */
export type TrialAt = (scope: Scope) => MonotonicMs | undefined;

export function statusOf(board: Board, clock: Clock, dueAt: DueAt, trialAt: TrialAt, health: Pick<Status, "audit" | "clock">): Status {
  const { plan, stopped, reload } = board;
  const refusals = Map.groupBy(board.refusals(), ({ device }) => device);
  return {
    schema: "status/v1",
    site: plan.site,
    lab: plan.lab,
    at: instant(clock.wall()),
    planDigest: plan.digest,
    stopped,
    reload: { successful: reload.successful, lastSuccessAt: orNull(reload.lastSuccess), problems: reload.problems },
    restartFor: board.restartFor,
    ...health,
    windows: board.windows(),
    deepQuery: board.deepQuery(),
    trips: board.trips().map(tripStatus),
    holds: board.holds().map((hold) => holdStatus(hold, clock, trialAt)),
    causes: Array.from(board.causes, ({ cause, scope, detail, since }) => ({ cause, scope, detail, since: instant(since) })),
    families: [...plan.families.values()].map((family) => familyStatus(family, board, clock.wall())),
    certificates: certificatesOf(plan, board.ownCertificate).map((one) => certificateStatus(one, clock.wall())),
    heldSegments: [...plan.segments.values()].flatMap((segment) => segmentWords(segment, clock.wall()) ?? []),
    devices: Array.from(board.devices(), (view) => {
      const evidence = board.evidenceOf(view.device.id);
      const checks = board.checksOf(view.device.id).map((check) => checkStatus(check, evidence, clock, dueAt));
      const identities = board.identitiesOf(view.device.id).map(identityStatus);
      return deviceStatus(view, evidence, identities, checks, refusals.get(view.device.id) ?? []);
    }),
  };
}

export function tripStatus({ scope, cause, detail, since }: Trip & { readonly since: WallMs }): TripStatus {
  return { scope, cause, detail, since: instant(since) };
}

function familyStatus(family: PlannedFamily, board: Board, now: WallMs): FamilyStatus {
  const { id, stage, since, end } = family;
  const unwell = (device: DeviceId): string | undefined => {
    const view = board.device(device);
    if (board.trips().some(({ scope }) => scope === `device:${device}`)) return "it is tripped";
    return view?.judgement.liveness === "up" ? undefined : `it is ${view?.judgement.liveness ?? "not in the plan"}`;
  };
  const approval = end && {
    age: approvalAge(end, now),
    expiresAt: instant(end.expires),
    endsAt: instant(end.ends),
    warning: endWords(id, end, now) ?? null,
  };
  return { profile: id, stage, since: orNull(since), approval: approval ?? null, proposed: stepWords(family, now, unwell) ?? null };
}

function certificateStatus(certificate: OwnedCertificate, now: WallMs): CertificateStatus {
  const { device = null, sha256, notAfter } = certificate;
  return { device, sha256, notAfterAt: instant(notAfter), warning: certificateWords(certificate, now) ?? null };
}

function holdStatus({ scope, detail, since }: Hold, clock: Clock, trialAt: TrialAt): HoldStatus {
  const at = trialAt(scope);
  return { scope, detail, since: instant(since), nextTrialAt: at === undefined ? null : momentOf(at, clock) };
}

export function outcomeStatus(outcome: Outcome, clock: Clock): CheckOutcome {
  const check = outcome.check.id;
  switch (outcome.kind) {
    case "answered":
      return { check, kind: "answered", said: outcome.answer.said, tookMs: outcome.took, detail: detailOf(outcome.answer) };
    case "failed":
      return { check, kind: "failed", failure: outcome.failure, detail: outcome.detail };
    case "refused": {
      const { reason, retryAt } = outcome;
      return { check, kind: "refused", reason, detail: "", retryAt: retryAt === undefined ? null : momentOf(retryAt, clock) };
    }
  }
}

/** A check that is in the files and not in the plan is asked for by `check` all the same: it is told why not. */
export function refusalStatus({ check, reason, detail }: StandingRefusal): CheckOutcome {
  return { check, kind: "refused", reason, detail, retryAt: null };
}

export function instant(at: WallMs): Instant {
  return new Date(at).toISOString();
}

/** What the wall clock shows at a moment of the monotonic one, if it is not set meanwhile. */
export function momentOf(at: MonotonicMs, clock: Clock): Instant {
  return instant(wallMs(Math.max(0, clock.wall() + (at - clock.monotonic()))));
}

function deviceStatus(
  { device, judgement, lastHeard }: DeviceView,
  { proves }: Evidence,
  identities: DeviceStatus["identities"],
  checks: readonly CheckStatus[],
  refusals: readonly StandingRefusal[],
): DeviceStatus {
  const dues = checks.flatMap(({ nextDueAt }) => nextDueAt ?? []);
  return {
    device: device.id,
    name: device.name,
    segment: device.segment,
    profile: device.profile,
    stage: device.stage,
    liveness: judgement.liveness,
    cause: judgement.cause,
    behind: judgement.behind ?? null,
    proves: proves ?? null,
    lastHeardAt: orNull(lastHeard),
    // ISO 8601 in UTC sorts as text.
    nextDueAt: dues.toSorted()[0] ?? null,
    identities,
    checks,
    refused: refusals.map(({ check, method, reason, detail }): RefusedStatus => ({ check, method, reason, detail })),
  };
}

function checkStatus(view: CheckView, { neverAnswered }: Evidence, clock: Clock, dueAt: DueAt): CheckStatus {
  const { check, last, lastRun, lastSuccess, lastTook, answered, failed, refused } = view;
  const due = dueAt(check.id);
  return {
    check: check.id,
    method: check.method,
    proves: check.proves,
    neverAnswered: neverAnswered.includes(check.id),
    intervalMs: check.interval,
    lastAskedAt: orNull(lastRun),
    lastAnswerAt: orNull(lastSuccess),
    lastTookMs: lastTook ?? null,
    nextDueAt: due === undefined ? null : momentOf(due, clock),
    answered,
    failed: Object.fromEntries(failed),
    refused: Object.fromEntries(refused),
    last: last === undefined ? null : inOneLine(last),
  };
}

function inOneLine(outcome: Outcome): string {
  switch (outcome.kind) {
    case "answered":
      return detailOf(outcome.answer) || "answered";
    case "failed":
      return outcome.detail === "" ? failureKinds[outcome.failure] : `${failureKinds[outcome.failure]} (${outcome.detail})`;
    case "refused":
      if (outcome.behind !== undefined) return `no answer: ${outcome.behind} is down, behind which it stands`;
      return `not asked: ${outcome.reason === "approval_expired" ? standingReasons.approval_expired : passingReasons[outcome.reason]}`;
  }
}

function detailOf(answer: Answer): string {
  const words = answer.said === "gateway_only" ? [] : Object.values(answer.identity ?? {});
  const told = answer.said === "alive" ? answer.note : answer.detail;
  return [words.join(" "), told ?? ""].filter((part) => part !== "").join("; ");
}

function orNull(at: WallMs | undefined): Instant | null {
  return at === undefined ? null : instant(at);
}
