/** Checks a profile within itself and, where it is a site's own, against the shipped profile that it tightens. */
import { deepReads } from "../../domain/deep-reads.ts";
import { approvalMonthsMax } from "../../domain/limits.ts";
import { forbiddenOf } from "../compile/forbidden.ts";
import { registerSpaceOf } from "../compile/modbus-codes.ts";
import { quote, type Path } from "../problem.ts";
import { s7Space } from "../schema/bytes.ts";
import type { Approval } from "../schema/approval.ts";
import type { Forbidden } from "../schema/forbidden.ts";
import type { Profile } from "../schema/profile.ts";
import type { LivenessRegister, RegisterRange } from "../schema/register.ts";
import type { SiteProfile } from "../schema/site-profile.ts";
import { checkAdvisories, checkHeardOnly } from "./advisories.ts";
import type { Complaints, Entries } from "./entries.ts";
import { checkFacts } from "./facts.ts";

const echoHint = "the site agrees to it by name, and its approval says on whose word";

export function checkProfile(profile: Profile, complaints: Complaints): void {
  checkFacts(profile, complaints);
  checkAdvisories(profile, complaints);
  checkHeardOnly(profile, complaints);
  checkRegisters(profile.liveness, forbiddenOf(profile, undefined), [], longestRead(profile), complaints);
  checkDeepOffers(profile, complaints);
  for (const [method, { decision, support }] of Object.entries(profile.methods)) {
    if (method === "icmp-echo" && decision === "allow")
      complaints.add(["methods", method, "decision"], {
        found: decision,
        expected: "ask or forbid: echoes have hurt devices",
        hint: echoHint,
      });
    if (decision === "forbid" || support.value !== "no") continue;
    const path: Path = ["methods", method, "decision"];
    complaints.add(path, { found: decision, expected: "forbid: the family does not support the method" });
  }
}

/** What is offered and never asked would promise a person something. */
function checkDeepOffers({ deepQuery, methods }: Profile, complaints: Complaints): void {
  deepQuery.forEach(({ read }, index) => {
    const { method } = deepReads[read];
    const decision = methods[method]?.decision;
    const path: Path = ["deepQuery", index, "read"];
    if (decision === undefined || decision === "forbid") {
      const found = `${read} by ${method}, which this profile ${decision === undefined ? "does not name" : "forbids"}`;
      complaints.add(path, { found, expected: "a read by a method that it allows or leaves to the site" });
    }
    if (deepQuery.findIndex((one) => one.read === read) < index)
      complaints.add(path, { found: `${read} again`, expected: "each read once" });
  });
}

/** @param shipped undefined where there is none or it cannot be read */
export function checkSiteProfile(site: SiteProfile, shipped: Profile | undefined, complaints: Complaints): void {
  checkApproval(site.approval, complaints);
  const shippedRegisters = shipped?.liveness ?? [];
  checkRegisters(site.liveness, forbiddenOf(shipped, site), shippedRegisters, longestRead(shipped), complaints);
  if (shipped === undefined) return;
  for (const [method, { decision }] of Object.entries(site.methods)) {
    if (Object.hasOwn(shipped.methods, method) || decision === "forbid") continue;
    complaints.add(["methods", method], { found: method, expected: "a method that the shipped profile names", hint: notNamed });
  }
  site.agreed.forEach(({ method }, index) => {
    const decision = shipped.methods[method]?.decision;
    if (decision === "ask") return;
    const found =
      decision === undefined
        ? `${method}, which the shipped profile does not name`
        : `${method}, which the shipped profile has under ${decision}`;
    complaints.add(["agreed", index, "method"], { found, expected: "a method that it leaves to the site (ask)" });
  });
  const offered = shipped.deepQuery.map(({ read }) => read);
  site.deepQuery.forEach(({ read }, index) => {
    if (offered.includes(read)) return;
    const expected = `one that the shipped profile leaves to the site under deepQuery: ${offered.join(", ") || "it leaves none"}`;
    complaints.add(["deepQuery", index, "read"], { found: read, expected });
  });
}

const notNamed = "a method that the shipped profile does not name is forbidden";

function checkApproval(approval: Approval, complaints: Complaints): void {
  const { stage, trialDevices, approvedOn, expiresOn } = approval;
  if (stage === "trial" && trialDevices.length === 0) {
    complaints.add(["approval", "trialDevices"], { found: "no device", expected: "the devices that are on trial" });
  }
  if (approvedOn === undefined || expiresOn === undefined) return;
  const latest = monthsLater(approvedOn, approvalMonthsMax);
  // Dates in this form sort as texts.
  if (expiresOn < approvedOn)
    complaints.add(["approval", "expiresOn"], { found: expiresOn, expected: `a day after approvedOn (${approvedOn})` });
  if (expiresOn > latest) {
    complaints.add(["approval", "expiresOn"], {
      found: expiresOn,
      expected: `${latest} or earlier: at most ${approvalMonthsMax} months after approvedOn`,
    });
  }
}

/** 2026-11-21 and 15 months: 2028-02-21. A day that the month does not have becomes its last. */
function monthsLater(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10);
}

/** In registers; undefined where no document says so: then the protocol's own limit holds. */
function longestRead(profile: Profile | undefined): number | undefined {
  return profile?.limits?.modbusTcp?.maxRegistersPerRead?.value ?? undefined;
}

/**
 * @param taken registers whose names are taken already
 * @param longest how many registers the family gives in one answer
 */
function checkRegisters(
  registers: readonly LivenessRegister[],
  forbidden: readonly Forbidden[],
  taken: readonly LivenessRegister[],
  longest: number | undefined,
  complaints: Complaints,
): void {
  const names = new Set(taken.map(({ id }) => id));
  registers.forEach((register, index) => {
    if (names.has(register.id))
      complaints.add(["liveness", index, "id"], { found: `${quote(register.id)} again`, expected: "a name of its own" });
    names.add(register.id);
    const words = register.space === "holding-registers" || register.space === "input-registers";
    if (words && longest !== undefined && register.count > longest)
      complaints.add(["liveness", index, "count"], {
        found: String(register.count),
        expected: `at most ${longest}: the family gives no more in one answer`,
      });
    const refusal = forbidden.find((one) => one.kind === "registers" && register.space !== s7Space && overlaps(one, register));
    if (refusal !== undefined) {
      complaints.add(["liveness", index], {
        found: `registers that are forbidden (${refusal.reason})`,
        expected: "registers outside every forbidden range",
      });
    }
  });
}

function overlaps(a: RegisterRange, b: RegisterRange): boolean {
  return a.space === b.space && a.protocolAddress < b.protocolAddress + b.count && b.protocolAddress < a.protocolAddress + a.count;
}

/** The registers that a profile's checks may name; undefined for a profile that cannot be read. */
export type RegistersOf = (profile: string) => readonly LivenessRegister[] | undefined;

/** Each check's register is one of its profile's, of the table that its method reads. */
export function checkNamedRegisters({ devices }: Entries, registersOf: RegistersOf, complaints: Complaints): void {
  for (const { index, value } of devices) {
    const registers = registersOf(value.profile);
    if (registers === undefined) continue;
    value.checks.forEach(({ method, register }, n) => {
      const space = registerSpaceOf(method);
      if (register === undefined || space === undefined) return;
      const path: Path = ["devices", index, "checks", n, "register"];
      const named = registers.find(({ id }) => id === register);
      if (named === undefined) {
        const hint = `its address belongs under liveness: in this site's ${value.profile}.yaml`;
        complaints.add(path, { found: quote(register), expected: `a liveness register of profile ${value.profile}`, hint });
      } else if (named.space !== space) {
        complaints.add(path, {
          found: `${quote(register)}, one of the ${named.space}`,
          expected: `one of the ${space}, which ${method} reads`,
        });
      }
    });
  }
}
