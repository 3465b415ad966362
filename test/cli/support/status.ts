/** A status as a running poller would give it, for tests of what a person sees. */
import type { CheckStatus, DeviceStatus, Status } from "../../../src/domain/control.ts";

export const at = "2026-11-21T12:00:05.000Z";

export function checkStatus(changes: Partial<CheckStatus> = {}): CheckStatus {
  return {
    check: "fresh-water-plc/modbus-fc43",
    method: "modbus-fc43",
    proves: "comms-module",
    neverAnswered: false,
    intervalMs: 60_000,
    lastAskedAt: "2026-11-21T11:59:53.000Z",
    lastAnswerAt: "2026-11-21T11:59:53.000Z",
    lastTookMs: 12,
    nextDueAt: "2026-11-21T12:00:53.000Z",
    answered: 42,
    failed: {},
    refused: {},
    last: "Schneider Electric TM221CE24R",
    ...changes,
  };
}

export function deviceStatus(changes: Partial<DeviceStatus> = {}): DeviceStatus {
  return {
    device: "fresh-water-plc",
    name: "Fresh water plant PLC",
    segment: "hvac",
    profile: "schneider-m221",
    stage: "approved",
    liveness: "up",
    cause: "answers",
    behind: null,
    // The device and its checks may be changed apart.
    proves: changes.liveness === undefined || changes.liveness === "up" || changes.liveness === "degraded" ? "comms-module" : null,
    lastHeardAt: "2026-11-21T11:59:53.000Z",
    nextDueAt: "2026-11-21T12:00:53.000Z",
    identities: [],
    checks: [checkStatus()],
    refused: [],
    ...changes,
  };
}

export function siteStatus(changes: Partial<Status> = {}): Status {
  return {
    schema: "status/v1",
    site: "mv-aurora",
    lab: false,
    at,
    planDigest: `sha256:${"0".repeat(64)}`,
    stopped: false,
    deepQuery: null,
    restartFor: [],
    reload: { successful: true, lastSuccessAt: "2026-11-21T11:00:00.000Z", problems: 0 },
    audit: {
      records: 41,
      recordsMax: 1_000_000,
      head: "0123456789abcdef".repeat(4),
      unwritableSince: null,
      problem: null,
      pollingEndsAt: null,
    },
    clock: { trusted: at, behindMs: 0 },
    trips: [],
    holds: [],
    causes: [],
    windows: [],
    families: [],
    certificates: [],
    heldSegments: [],
    devices: [deviceStatus()],
    ...changes,
  };
}
