/** Every reason not to ask and every way to fail, each with the words a person reads: closed lists, so that metrics and explain cannot drift. */

/** Stand in the plan until a file changes (or, for an approval, until its date). In the order in which a person wants to know: what no approval could change comes first. */
export const standingReasons = {
  safety_function: "safety, protection and navigation devices are never asked",
  excluded: "the address is on the exclusion list",
  not_approved: "no person has approved this profile",
  not_admitted: "the approval does not name this device as it is now",
  approval_expired: "the approval has expired",
  approval_stale: "the profile or the pace was changed after it was approved",
  statement_missing: "the owner has not stated what only the owner knows",
  no_connection_slot: "the device has no connection to spare",
  method_withdrawn: "the profile forbids this method",
  method_unsupported: "this build cannot speak this method",
  budget_too_small: "a shared budget cannot carry this check at its interval",
  stage: "the profile's stage does not allow polling this device",
  dry_run: "the profile is in dry run: everything but the packet",
} as const;
export type StandingReason = keyof typeof standingReasons;

/** Pass by themselves or when a person acts. In the order in which the gate asks. */
export const passingReasons = {
  stopped: "the site is stopped",
  draining: "the poller is shutting down",
  plan_changed: "the plan changed while it was being asked",
  clock_suspect: "time jumped or the poller stood still; it looks around first",
  cut_off: "the poller is cut off: its own way to this segment is gone, or nothing on the segment answers",
  behind: "the gateway or switch that it stands behind is down",
  not_leader: "another poller leads",
  audit_unwritable: "the audit record could not be written for too long",
  tripped: "tripped: a person must look and reset",
  no_window: "no deep-query window is open",
  window_scope: "the open deep-query window does not cover this device",
  run_over: "the deep query that asked for it has ended",
  window_pause: "paused by a maintenance window",
  window_ending: "the deep-query window ends too soon for one more question",
  link_down: "the switch port of the device is down",
  passive_evidence: "the device was heard without asking",
  breaker_open: "held: several devices fell silent together; one trial at a time",
  gateway_hold: "the gateway may still be sending an earlier request",
  line_budget: "asked less than an interval ago",
  backoff: "the device is down and asked more and more rarely",
  no_free_connection: "no connection is free",
  segment_budget: "the segment's start budget is spent for the moment",
  site_budget: "the site's start budget is spent for the moment",
} as const;
export type PassingReason = keyof typeof passingReasons;

/** Ordinary life rather than trouble: counted as withheld. */
export const withheldReasons: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "window_pause",
  "passive_evidence",
  "link_down",
  "dry_run",
]);

export type RefusalReason = StandingReason | PassingReason;

export const failureKinds = {
  timeout: "no answer in time",
  refused: "the device refused the connection",
  reset: "the device broke the connection",
  unreachable: "no way to the device",
  malformed: "the answer breaks the protocol",
  protocol_error: "the device answered with an error",
  cpu_not_running: "the CPU answers and is in STOP, HOLD or DEFECT",
  expectation_failed: "the value read is not what the profile expects",
  gateway_target_silent: "the gateway answers, the device behind it does not",
  identity_mismatch: "another vendor or product answers at this address",
  guard_blocked: "the guard stopped a frame that is not in the plan",
  driver_unavailable: "the poller's own driver or machine cannot ask",
} as const;
export type FailureKind = keyof typeof failureKinds;
