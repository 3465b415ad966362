/** A poller with one device whose first interval has gone by, so that asking is lawful; and what came of asking it. */
import type { Outcome } from "../../src/domain/outcome.ts";
import type { CheckId } from "../../src/domain/plan.ts";
import { literalPlan, type LiteralDevice } from "./literal-plan.ts";
import { SimulatedSite, type SimulatedSiteOptions } from "./simulated-site.ts";

export const plc: LiteralDevice = { name: "plc", address: "192.0.2.11" };
export const plcCheck: CheckId = "plc/modbus-fc43" as CheckId;

export type ReadySiteOptions = Omit<SimulatedSiteOptions, "plan"> & { readonly device?: Partial<LiteralDevice> };

export async function readySite(options: ReadySiteOptions = {}): Promise<SimulatedSite> {
  const site = new SimulatedSite({ ...options, plan: literalPlan([{ ...plc, ...options.device }]) });
  site.pulse.start();
  await site.clock.advance(60_000);
  return site;
}

/** Asks and lets 20 s go by. */
export async function ask(site: SimulatedSite, trigger: "schedule" | "ask-now" = "schedule"): Promise<Outcome | undefined> {
  const asked = site.gate.exchange(plcCheck, trigger);
  await site.clock.advance(20_000);
  return asked;
}

export function lastOutcome(site: SimulatedSite): Outcome | undefined {
  return site.facts.findLast((fact) => fact.kind === "answered" || fact.kind === "failed" || fact.kind === "refused");
}
