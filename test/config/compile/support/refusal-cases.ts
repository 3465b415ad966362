/** One site for every way in which a check can be refused. */
import { type StandingReason } from "../../../../src/domain/reasons.ts";
import { wallMs, type WallMs } from "../../../../src/domain/units.ts";
import { approved, documented, gateway, rawDevice, rawProfile, rawSite, rawUnit, type Raw, type RawSite } from "./site.ts";

export interface Case {
  readonly what: string;
  readonly reason: StandingReason;
  readonly site: RawSite;
  readonly at?: WallMs;
  readonly detail: RegExp;
}

export const watchdog = (mode: string, more: Raw = {}): Raw => ({ mode, by: "eto-1", on: "2026-11-20", ...more });
export const stated = (changes: Raw): Raw =>
  rawDevice(1, { statements: { otherClients: ["SCADA-1"], watchdog: watchdog("none"), ...changes } });
export const withProfile = (changes: Raw, device: Raw = rawDevice(1)): RawSite =>
  approved(rawSite([device], { profiles: { "test-plc": rawProfile(changes) } }));
export const ask = (decision: string): Raw => ({ "modbus-fc43": { decision, reason: "not without need", support: documented("yes") } });
export const signedUntil = (day: string): RawSite => approved(rawSite(), { approvedOn: "2026-11-21", expiresOn: day });
export const risk = (until: string): Raw => ({ riskAcceptance: { by: "C", position: "chief engineer", reason: "r", until } });
export const wallAt = (moment: string): WallMs => wallMs(Date.parse(moment));
export const edited = (site: RawSite, edit: (site: RawSite) => void): RawSite => {
  const copy = structuredClone(site);
  edit(copy);
  return copy;
};
export const group: Raw = { hardware: [{ id: "main-plc", devices: ["plc-1", "plc-2"] }] };

export const cases: readonly Case[] = [
  {
    what: "there is no site file",
    reason: "not_approved",
    site: rawSite(),
    detail: /device-profiles\/test-plc\.yaml does not exist: .*approve test-plc --covers sha256:/,
  },
  {
    what: "the site file is a draft",
    reason: "not_approved",
    site: approved(rawSite(), { stage: "draft" }),
    detail: /approval\.stage is draft/,
  },
  {
    what: "the approval begins in days to come",
    reason: "not_approved",
    site: approved(rawSite(), { approvedOn: "2026-11-23" }),
    detail: /approvedOn is 2026-11-23, a day that has not begun/,
  },
  {
    what: "the approval does not name the device",
    reason: "not_admitted",
    site: approved(rawSite(), { devices: {} }),
    detail: /does not name this device: expected sha256:/,
  },
  {
    what: "the approval names the device as it was",
    reason: "not_admitted",
    site: approved(rawSite(), { devices: { "plc-1": `sha256:${"0".repeat(64)}` } }),
    detail: /names this device as it was before it was changed/,
  },
  {
    what: "the approval and its grace are over",
    reason: "approval_expired",
    site: signedUntil("2027-01-31"),
    at: wallAt("2027-05-02T00:00:00Z"),
    detail: /the approval ended on 2027-01-31, and 90 d of grace went by: renew it/,
  },
  {
    what: "the accepted risk is over, without grace",
    reason: "approval_expired",
    site: approved(rawSite(), { basis: risk("2027-01-31") }),
    at: wallAt("2027-02-01T00:00:00Z"),
    detail: /the approval ended on 2027-01-31 \(no grace\): renew it/,
  },
  {
    what: "the profile is looser than what was approved",
    reason: "approval_stale",
    site: edited(withProfile({ connection: { ...(rawProfile()["connection"] as Raw), poolSize: documented(8) } }), ({ profiles }) => {
      profiles["test-plc"] = rawProfile({ connection: { ...(rawProfile()["connection"] as Raw), poolSize: documented(9) } });
    }),
    detail: /goes beyond the approval \(connection\.poolSize is 9, approved was 8\): look at the change and approve sha256:/,
  },
  {
    what: "the profile is other than what was approved, and the approval holds no figures",
    reason: "approval_stale",
    site: approved(rawSite(), { covers: `sha256:${"0".repeat(64)}`, envelope: {} }),
    detail: /approval\.covers is of other content, and holds no envelope/,
  },
  {
    what: "the address is excluded",
    reason: "excluded",
    site: approved(rawSite([rawDevice(1)], {}, { excluded: [{ address: "10.20.1.11", reason: "maker's letter" }] })),
    detail: /watchlist\.yaml:\d+: excluded\[0\] covers it \(maker's letter\): it is never asked; take the check out/,
  },
  ...["safety", "protection", "navigation"].map((what): Case => ({
    what: `the device's function is ${what}`,
    reason: "safety_function",
    site: approved(rawSite([rawDevice(1, { function: what })])),
    detail: new RegExp(`devices\\[0\\]\\.function is ${what}: never asked`, "u"),
  })),
  {
    what: "nobody stated the other clients",
    reason: "statement_missing",
    site: approved(rawSite([rawDevice(1, { statements: { watchdog: watchdog("none") } })])),
    detail: /devices\[0\]\.statements\.otherClients is not stated: name every other client, \[\] where there are none/,
  },
  {
    what: "nobody stated the other clients of the gateway",
    reason: "statement_missing",
    site: approved(
      rawSite([rawUnit(1)], {}, { gateways: [Object.fromEntries(Object.entries(gateway).filter(([key]) => key !== "otherClients"))] }),
    ),
    detail: /gateways\[0\]\.otherClients is not stated/,
  },
  {
    what: "nobody stated the other clients of another address of the hardware",
    reason: "statement_missing",
    site: approved(rawSite([rawDevice(1), rawDevice(2, { statements: { watchdog: watchdog("none") } })], {}, group)),
    detail: /devices\[1\]\.statements\.otherClients is not stated/,
  },
  {
    what: "nobody stated the watchdog",
    reason: "statement_missing",
    site: approved(rawSite([rawDevice(1, { statements: { otherClients: [] } })])),
    detail: /devices\[0\]\.statements: watchdog is not stated/,
  },
  {
    what: "the profile wants the firmware stated",
    reason: "statement_missing",
    site: withProfile({ ownerMustState: ["firmware"] }),
    detail: /devices\[0\]\.statements\.firmware is not stated: profile test-plc wants it of every device/,
  },
  {
    what: "the watchdog of a drive is unknown",
    reason: "statement_missing",
    site: withProfile({ kind: "drive" }, stated({ watchdog: watchdog("unknown") })),
    detail: /watchdog\.mode is unknown/,
  },
  {
    what: "others hold all connections but the reserve",
    reason: "no_connection_slot",
    site: approved(rawSite([stated({ otherClients: [{ name: "SCADA", connections: 6 }] })])),
    detail: /of 8 connections others hold 6 and 2 stay free, which leaves 0: expected 1; .*state connectionPool with its source/,
  },
  {
    what: "the profile does not name the method",
    reason: "method_withdrawn",
    site: approved(rawSite([rawDevice(1, { checks: [{ method: "modbus-fc17", unitId: 1 }] })])),
    detail: /profile test-plc does not name modbus-fc17: expected one of modbus-fc43, modbus-fc3, icmp-echo, snmp-get/,
  },
  {
    what: "the profile forbids the method",
    reason: "method_withdrawn",
    site: withProfile({ methods: ask("forbid") }),
    detail: /profile test-plc forbids modbus-fc43: not without need/,
  },
  {
    what: "the profile leaves the method to the site, which has not agreed",
    reason: "method_withdrawn",
    site: withProfile({ methods: ask("ask") }),
    detail:
      /modbus-fc43 needs agreeing: profile test-plc leaves it to the site \(not without need\); to agree to it, write into device-profiles\/test-plc\.yaml: agreed: \[\{method: modbus-fc43, by: <name>, on: <day>, reason: <why>\}\]/,
  },
  {
    what: "any telegram feeds the watchdog",
    reason: "method_withdrawn",
    site: approved(rawSite([stated({ watchdog: watchdog("any-telegram") })])),
    detail: /devices\[0\]\.statements: watchdog\.mode is any-telegram/,
  },
  {
    what: "the function code is forbidden",
    reason: "method_withdrawn",
    site: withProfile({ forbidden: [{ kind: "function-code", functionCode: 43, reason: "hangs" }] }),
    detail: /profile test-plc forbids it: hangs/,
  },
  {
    what: "the port is forbidden",
    reason: "method_withdrawn",
    site: withProfile({ forbidden: [{ kind: "port", port: 1502, reason: "engineering port" }] }, rawDevice(1, { port: 1502 })),
    detail: /profile test-plc forbids it: engineering port/,
  },
  {
    what: "this build cannot speak the method",
    reason: "method_unsupported",
    site: withProfile(
      { methods: { "s7-cpu-status": { decision: "allow", reason: "r", support: documented("yes") } } },
      rawDevice(1, { checks: [{ method: "s7-cpu-status" }] }),
    ),
    detail: /this build does not speak s7-cpu-status/,
  },
  {
    what: "the segment's budget is full",
    reason: "budget_too_small",
    site: approved(
      rawSite(
        [rawDevice(1, { checks: [{ method: "modbus-fc43", unitId: 1, interval: "30s" }] })],
        {},
        {
          segments: [{ id: "hvac", zone: "OT-1", subnet: "10.20.1.0/24", localAddress: "10.20.1.5", startsPerSecondMax: 0.04 }],
        },
      ),
    ),
    detail:
      /segment hvac carries 70 % of 0\.04 starts per second: 1 check fits at an interval of 36 s; .*startsPerSecondMax of the segment/,
  },
  {
    what: "the family is suspended",
    reason: "stage",
    site: approved(rawSite(), { stage: "suspended" }),
    detail: /approval\.stage of test-plc is suspended/,
  },
  {
    what: "the device is not on trial",
    reason: "stage",
    site: approved(rawSite(), { stage: "trial", trialDevices: ["plc-2"] }),
    detail: /is trial, and approval\.trialDevices names plc-2/,
  },
  {
    what: "the family is in dry run",
    reason: "dry_run",
    site: approved(rawSite(), { stage: "dry-run" }),
    detail: /everything is done but the packet/,
  },
];
