/** A plan that has one of everything a fence tells apart: TCP, a gateway's units, UDP, echo, IPv6, and frames that no packet shows. */
import { compiledFrom, approved, gateway, rawDevice, rawSite, rawUnit, type Raw } from "../../config/compile/support/site.ts";
import type { Plan } from "../../../src/domain/plan.ts";
import { rulesetOf, type FencedSegment, type Ruleset } from "../../../src/fence/ruleset.ts";

export const segments: readonly FencedSegment[] = [
  { id: "hvac", subnet: "10.20.1.0/24", interfaceName: "eth1" },
  { id: "bridge", subnet: "2001:db8::/64", interfaceName: "eth2" },
];

const devices: Raw[] = [
  rawDevice(1),
  rawDevice(2),
  rawUnit(3),
  rawUnit(4, { checks: [{ method: "modbus-fc3", unitId: 4, register: "alive" }] }),
  rawDevice(5, { checks: [{ method: "icmp-echo" }, { method: "snmp-get" }] }),
  rawDevice(6, { address: "2001:db8::16", segment: "bridge", checks: [{ method: "modbus-fc43", unitId: 1, interval: "120s" }] }),
];

export function smallPlan(changes: Raw[] = devices): Plan {
  const watchlist = {
    segments: [
      { id: "hvac", zone: "OT-1", subnet: "10.20.1.0/24", localAddress: "10.20.1.5" },
      { id: "bridge", zone: "OT-2", subnet: "2001:db8::/64", localAddress: "2001:db8::5" },
    ],
    gateways: [gateway],
  };
  const { plan, problems } = compiledFrom(approved(rawSite(changes, {}, watchlist)));
  if (problems.length > 0 || plan.refused.size > 0) throw new Error(JSON.stringify([problems, [...plan.refused.values()]]));
  return plan;
}

/** By number, so that nft loads it where no such user is. */
export function smallRuleset(plan: Plan = smallPlan()): Ruleset {
  return rulesetOf({ plan, segments, scope: { user: "987" } });
}
