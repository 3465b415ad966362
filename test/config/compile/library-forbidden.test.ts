/** For every shipped profile, even if it allowed every method and named the registers that it forbids: its forbidden list, its advisories and its kind withdraw them by themselves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "../../../src/config/compile/compile.ts";
import { heardOnlyKinds } from "../../../src/config/compile/direction.ts";
import { functionCodeOf, registerSpaceOf } from "../../../src/config/compile/modbus-codes.ts";
import { readLibrary, shippedLibrary } from "../../../src/config/library.ts";
import type { CheckId } from "../../../src/domain/plan.ts";
import { methodIds, type MethodId } from "../../../src/domain/operations.ts";
import type { Loaded } from "../../../src/config/problem.ts";
import type { Profile, ProfileMethod } from "../../../src/config/schema/profile.ts";
import type { LivenessRegister } from "../../../src/config/schema/register.ts";
import { methods } from "./support/methods.ts";
import { loaded, rawSite, today, type Raw } from "./support/site.ts";

const { profiles } = readLibrary(shippedLibrary, { lint: false });
const asksAnything = new Set(
  methodIds.filter((id) => methods.has(id) && registerSpaceOf(id) === undefined && !id.startsWith("opcua") && id !== "snmp-get"),
);

/** A device with a check of every method that needs nothing beside its name, and of every register that the profile names. */
function checksOf(registers: readonly { readonly id: string; readonly space: string }[]): Raw[] {
  const plain = [...asksAnything].map((method): Raw => ({ method, ...(method.startsWith("modbus") && { unitId: 1 }) }));
  const reading = (space: string): MethodId | undefined => methodIds.find((id) => id.startsWith("modbus") && registerSpaceOf(id) === space);
  const named = registers.flatMap(({ id, space }): Raw[] => {
    const method = reading(space);
    return method === undefined ? [] : [{ method, unitId: 1, register: id }];
  });
  return [...plain, ...named];
}

const allow: ProfileMethod = {
  decision: "allow",
  reason: "everything",
  support: { value: null, status: "not-documented", grade: "N", sources: [], note: null },
};
const everything: Profile["methods"] = Object.fromEntries(methodIds.map((id) => [id, allow]));

for (const [id, shipped] of profiles) {
  test(`${id} plans nothing that it forbids`, () => {
    const { forbidden, advisories, kind } = shipped.value;
    const liveness = forbidden.flatMap((one, index): LivenessRegister[] => {
      if (one.kind !== "registers") return [];
      const { space, protocolAddress } = one;
      return [{ id: `banned-${index}`, note: null, space, protocolAddress, count: 1 }];
    });
    const generous: Loaded<Profile> = { ...shipped, value: { ...shipped.value, liveness, methods: everything } };
    const device: Raw = {
      id: "d",
      name: "D",
      address: "10.20.1.11",
      segment: "hvac",
      function: "control",
      category: "II",
      profile: id,
      statements: { otherClients: [], watchdog: { mode: "none", closeCausesFault: false, by: "eto-1", on: "2026-11-20" } },
      checks: checksOf(liveness),
    };
    const site = { ...loaded(rawSite([device])), shippedProfiles: new Map([[id, generous]]), siteProfiles: new Map() };
    const compiled = compile(site, { methods, wallNow: today, lab: false });
    assert.ok(compiled.findings.size > 0);
    const withdrawn = (check: CheckId): boolean => (compiled.findings.get(check) ?? []).some(({ reason }) => reason === "method_withdrawn");
    for (const { check, templates, target } of [...compiled.plan.refused.values()].map((one) => ({
      ...one,
      target: compiled.proposals.get(one.check)?.check?.target,
    }))) {
      const method = check.slice("d/".length).replace(/#\d+$/u, "") as MethodId;
      const banned =
        heardOnlyKinds.has(kind) ||
        liveness.some(({ space }) => space === registerSpaceOf(method)) ||
        advisories.some(({ gate, methods: held }) => gate === "forbid-method" && held.includes(method)) ||
        forbidden.some((one) => one.kind === "function-code" && one.functionCode === functionCodeOf(method)) ||
        forbidden.some((one) => one.kind === "port" && one.port === target?.port) ||
        forbidden.some((one) => one.kind === "operation" && templates.some(({ operation }) => operation === one.operation));
      if (banned) assert.ok(withdrawn(check), `${check} is banned by ${id} and not withdrawn`);
    }
    assert.equal(compiled.plan.checks.size, 0, "a draft plans nothing at all");
  });
}
