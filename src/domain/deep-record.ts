/** The record of a deep query, deep-query/v1: who asked what of whom, in which window, what was answered, and what it cost. */
import type { Instant, WindowStatus } from "./control.ts";
import type { DeepEnd, DeepQuestion, DeepRun } from "./deep-query.ts";
import { deepReadName } from "./deep-reads.ts";
import { nothingSent, type Identity, type SaidFact, type Sent } from "./outcome.ts";
import type { Check, Plan } from "./plan.ts";
import { passingReasons, standingReasons } from "./reasons.ts";
import type { WallMs } from "./units.ts";

export interface DeepOrder {
  readonly by: string;
  readonly reason: string;
  /** Of the owner's management of change. */
  readonly change?: string;
  /** How what was tested on differs from what is asked here, in the owner's words. */
  readonly differences: string;
}

export interface DeepRecord {
  readonly schema: "deep-query/v1";
  /** `dq-20261122T031200Z`. */
  readonly id: string;
  readonly site: string;
  readonly lab: boolean;
  readonly version: string;
  readonly planDigest: string;
  readonly by: string;
  readonly reason: string;
  readonly change: string | null;
  /** NERC CIP-010-4 R3.2: differences between the test and the production environment. */
  readonly testProductionDifferences: string;
  readonly windows: readonly WindowStatus[];
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** Why it ended before everything was asked; null where it ran to its end. */
  readonly cutShort: string | null;
  /** What the site has agreed to and was not asked, each line with its reason: the rest alone may be complete. */
  readonly leftOut: readonly string[];
  readonly devices: readonly DeepRecordDevice[];
  readonly totals: DeepTotals;
  /** SHA-256 over the canonical JSON (RFC 8785) of all the rest. */
  readonly digest: string;
}

export interface DeepTotals extends Sent {
  readonly asked: number;
  readonly answered: number;
  /** IP packets to the devices, reckoned for exchanges as they were; what the kernel repeats is not among them. */
  readonly packets: number;
}

export interface DeepRecordDevice {
  readonly device: string;
  readonly name: string;
  readonly profile: string;
  readonly address: string;
  readonly ended: DeepEnd;
  readonly why: string | null;
  /** Of its heartbeat; null where none was answered. */
  readonly responseMsBefore: number | null;
  readonly responseMsAfter: number | null;
  readonly questions: readonly DeepRecordQuestion[];
}

export interface DeepRecordQuestion {
  readonly check: string;
  /** `modbus-identification-regular`, `enip-slots slot 3`. */
  readonly read: string;
  /** Where a divided answer went on; null at its beginning. */
  readonly from: number | null;
  readonly at: Instant;
  readonly came: "answered" | "failed" | "not_asked";
  readonly tookMs: number | null;
  /** What the device said beside its facts, how it failed, or why it was not asked; null where there is nothing to say. */
  readonly detail: string | null;
  readonly facts: readonly SaidFact[];
  readonly identity: Identity | null;
  readonly sent: Sent;
  readonly packets: number;
}

export interface DeepFrame {
  readonly id: string;
  readonly order: DeepOrder;
  readonly plan: Plan;
  readonly version: string;
  readonly windows: readonly WindowStatus[];
  readonly leftOut: readonly string[];
  readonly startedAt: WallMs;
  readonly endedAt: WallMs;
}

/** Of a run that has ended; the digest is the caller's to add. */
export function deepRecord(frame: DeepFrame, run: DeepRun): Omit<DeepRecord, "digest"> {
  const { id, order, plan, version, windows, leftOut, startedAt, endedAt } = frame;
  const devices = run.devices.map((one): DeepRecordDevice => {
    const planned = plan.devices.get(one.device);
    const own = [...plan.deep.values()].find(({ device }) => device === one.device);
    return {
      device: one.device,
      name: planned?.name ?? one.device,
      profile: planned?.profile ?? "",
      address: own === undefined ? "" : `${own.target.address}${own.target.port > 0 ? `:${own.target.port}` : ""}`,
      ended: one.ended,
      why: one.why ?? null,
      responseMsBefore: rounded(one.tookBefore),
      responseMsAfter: rounded(one.tookAfter),
      questions: one.questions.map((question) => questionOf(question, plan.deep.get(question.check))),
    };
  });
  const questions = devices.flatMap((one) => one.questions);
  return {
    schema: "deep-query/v1",
    id,
    site: plan.site,
    lab: plan.lab,
    version,
    planDigest: plan.digest,
    by: order.by,
    reason: order.reason,
    change: order.change ?? null,
    testProductionDifferences: order.differences,
    windows,
    startedAt: iso(startedAt),
    endedAt: iso(endedAt),
    cutShort: run.cutShort ?? null,
    leftOut,
    devices,
    totals: totalsOf(questions),
  };
}

function questionOf(question: DeepQuestion, check: Check | undefined): DeepRecordQuestion {
  const { came, sent, from } = question;
  const answered = came.kind === "answered";
  return {
    check: question.check,
    read: deepReadName(question),
    from: from ?? null,
    at: iso(question.at),
    came: came.kind === "refused" ? (sent.requests > 0 ? "failed" : "not_asked") : came.kind,
    tookMs: answered ? rounded(came.took) : null,
    detail: detailOf(came),
    facts: answered ? came.facts : [],
    identity: (answered && came.identity) || null,
    sent,
    packets: packetsOf(sent, check),
  };
}

function detailOf(came: DeepQuestion["came"]): string | null {
  switch (came.kind) {
    case "answered":
      return came.note ?? null;
    case "failed":
      return `${came.failure}: ${came.detail}`;
    case "refused":
      return `${came.reason}: ${came.reason === "approval_expired" ? standingReasons.approval_expired : passingReasons[came.reason]}`;
  }
}

/** TCP: a request and an ACK each, and of a connection SYN, ACK, FIN, ACK; a datagram is one packet, a serial line has none. */
function packetsOf({ connections, requests }: Sent, check: Check | undefined): number {
  if (check?.target.transport === "serial") return 0;
  return check?.target.transport === "udp" ? requests : 4 * connections + 2 * requests;
}

function totalsOf(questions: readonly DeepRecordQuestion[]): DeepTotals {
  return questions.reduce(
    (sum, { came, sent, packets }) => ({
      asked: sum.asked + (sent.requests > 0 ? 1 : 0),
      answered: sum.answered + (came === "answered" ? 1 : 0),
      connections: sum.connections + sent.connections,
      requests: sum.requests + sent.requests,
      bytes: sum.bytes + sent.bytes,
      packets: sum.packets + packets,
    }),
    { asked: 0, answered: 0, packets: 0, ...nothingSent },
  );
}

function rounded(span: number | undefined): number | null {
  return span === undefined ? null : Math.round(span * 10) / 10;
}

function iso(at: WallMs): Instant {
  return new Date(at).toISOString();
}
