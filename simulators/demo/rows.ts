/** What the demo says of each device in one row: state, why, when it was heard and is asked next, and what reached it. */
import type { DeviceStatus, Instant, Status } from "../../src/domain/control.ts";
import type { Cause } from "../../src/domain/liveness.ts";
import { failureKinds, passingReasons, standingReasons, type StandingReason } from "../../src/domain/reasons.ts";
import type { Fleet } from "../fleet.ts";
import { cast } from "./cast.ts";

export type State = "up" | "degraded" | "down" | "unknown" | "not asked";

export interface Row {
  readonly device: string;
  /** What the simulator does, for people. */
  readonly note: string;
  readonly state: State;
  readonly why: string;
  readonly heard: string;
  readonly next: string;
  /** Requests that the simulated device counted. */
  readonly got: number;
}

/** In the order of the cast. Without a status nothing is known yet. */
export function rowsOf(status: Status | undefined, fleet: Fleet): readonly Row[] {
  const known = new Map(status?.devices.map((device) => [device.device, device]));
  return cast.map(({ id, note }): Row => {
    const got = fleet.member(id).device.counts.requests;
    const device = known.get(id);
    if (!status || !device) return { device: id, note, state: "unknown", why: "no poller runs yet", heard: "-", next: "-", got };
    const state = stateOf(device);
    return {
      device: id,
      note,
      state,
      why: whyOf(device),
      heard: ago(device.lastHeardAt, status.at),
      next: nextOf(state, device, status),
      got,
    };
  });
}

export function stateOf({ checks, liveness }: DeviceStatus): State {
  return checks.length === 0 ? "not asked" : liveness;
}

/** Short enough for a column of 32; `watchkeeper explain` says it in full. */
export function whyOf({ checks, refused, cause, liveness }: DeviceStatus): string {
  const [check] = checks;
  if (!check) return shortStanding[refused[0]?.reason ?? "not_approved"] ?? standingReasons[refused[0]?.reason ?? "not_approved"];
  const answered = liveness === "up" || liveness === "degraded";
  if (answered && check.last?.startsWith("exception ")) return check.last.replace(/^exception 0x0?(\w+) to [^:]*:/u, "exception $1:");
  if (cause !== "answers") return words(cause);
  return check.lastTookMs === null ? "answers" : `answers in ${Math.max(1, Math.round(check.lastTookMs))} ms`;
}

/** The answer's time changes with every answer and is no news. */
export function newsOf(device: DeviceStatus): string {
  const why = whyOf(device).replace(/ in \d+ ms$/u, "");
  return `${stateOf(device)}, ${why}`;
}

const shortStanding: Readonly<Partial<Record<StandingReason, string>>> = {
  excluded: "on the exclusion list",
  safety_function: "safety devices are never asked",
  not_approved: "nobody approved it",
  not_admitted: "nobody approved this device",
};

const otherWords: ReadonlyMap<string, string> = new Map([
  ["answers", "answers"],
  ["unproven", "never answered so far"],
  ["not_asked_yet", "waits for its first interval"],
  ["no_fresh_evidence", "not heard for too long"],
  ...Object.entries(failureKinds),
  ...Object.entries(passingReasons),
  ...Object.entries(standingReasons),
]);

function words(cause: Cause): string {
  return otherWords.get(cause) ?? cause;
}

function ago(at: Instant | null, now: Instant): string {
  return at === null ? "never" : `${Math.floor(Math.max(0, Date.parse(now) - Date.parse(at)) / 1000)} s`;
}

function nextOf(state: State, { nextDueAt }: DeviceStatus, { at, stopped }: Status): string {
  if (state === "not asked") return "never";
  if (stopped) return "-";
  // Its next slot is no news while back-off lets most slots pass.
  if (state === "down") return "later";
  // What is asked at this moment waits in no queue.
  const leftMs = nextDueAt === null ? 0 : Date.parse(nextDueAt) - Date.parse(at);
  return leftMs < 1000 ? "now" : `${Math.round(leftMs / 1000)} s`;
}
