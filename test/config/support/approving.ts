/** Approving in tests: a site, a request as a person signs it, and the site with what was written. */
import assert from "node:assert/strict";
import { approve, type ApprovalRequest, type Edit } from "../../../src/config/approve.ts";
import type { Compiled } from "../../../src/config/compile/compile.ts";
import type { LoadedSite } from "../../../src/config/loaded-site.ts";
import { parseSiteProfile } from "../../../src/config/profiles.ts";
import { parseYaml } from "../../../src/config/yaml.ts";
import { compile } from "../../../src/config/compile/compile.ts";
import type { DeviceId, ProfileId } from "../../../src/domain/plan.ts";
import { wallMs, type WallMs } from "../../../src/domain/units.ts";
import { methods } from "../compile/support/methods.ts";
import { loaded, rawDevice, today, type Raw, type RawSite } from "../compile/support/site.ts";

export const profile = "test-plc" as ProfileId;
export const ids = (...names: string[]): DeviceId[] => names as DeviceId[];
export const later = (day: string): WallMs => wallMs(Date.parse(`${day}T12:00:00Z`));

export interface Setting {
  readonly site: LoadedSite;
  readonly compiled: Compiled;
}

export function setting(raw: RawSite, now: WallMs = today): Setting {
  const site = loaded(raw);
  return { site, compiled: compile(site, { methods, wallNow: now, lab: false }) };
}

export function request({ compiled }: Setting, changes: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    profile,
    devices: ids("plc-1"),
    covers: compiled.covers.get(profile) ?? "",
    preparedBy: "eto-1",
    acceptedBy: "chief engineer, mail 2026-11-21",
    basis: { kind: "vendor", text: "T-1 p. 41" },
    until: "2028-02-21",
    changeReference: "MOC-2026-014",
    ...changes,
  };
}

export function approving(raw: RawSite, changes: Partial<ApprovalRequest> = {}, now: WallMs = today): Edit {
  const here = setting(raw, now);
  return approve(here.site, here.compiled, request(here, changes), now);
}

/** The site as it is once the text stands in the file. */
export function written(site: LoadedSite, edit: Edit): LoadedSite {
  assert.ok(edit.ok, edit.ok ? "" : edit.problems.join("\n"));
  const yaml = parseYaml(edit.file, edit.text);
  assert.ok(yaml.ok);
  const parsed = parseSiteProfile(yaml, profile, site.shippedProfiles.get(profile)?.value);
  assert.ok(parsed.ok);
  const { file, location, text } = edit;
  return {
    ...site,
    siteProfiles: new Map(site.siteProfiles).set(profile, { file, location, text, lines: yaml.lines, value: parsed.value }),
  };
}

export const recompiled = (site: LoadedSite, now: WallMs = today): Compiled => compile(site, { methods, wallNow: now, lab: false });
export const problemsOf = (edit: Edit): readonly string[] => (edit.ok ? [] : edit.problems);
export const two = (): Raw[] => [rawDevice(1), rawDevice(2)];
