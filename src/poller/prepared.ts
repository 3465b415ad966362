/** Loads what a plan speaks, before anything is asked: a package, and where there is security the poller's own keys. */
import { mkdirSync } from "node:fs";
import type { Clock } from "../domain/clock.ts";
import type { Driver } from "../domain/driver.ts";
import type { Protocol } from "../domain/operations.ts";
import type { Plan } from "../domain/plan.ts";

/** @param stateDir absolute; a driver that needs keys makes them in `pki` there */
export async function prepared(plan: Plan, drivers: ReadonlyMap<Protocol, Driver>, stateDir: string, clock: Clock): Promise<void> {
  const byProtocol = Map.groupBy(plan.checks.values(), (check) => check.protocol);
  const keysFolder = `${stateDir}/pki`;
  // The library would make it readable for everybody.
  if (byProtocol.has("opcua")) mkdirSync(keysFolder, { recursive: true, mode: 0o700 });
  for (const [protocol, checks] of byProtocol)
    await drivers.get(protocol)?.prepare({ asks: checks.map(({ ask }) => ask), keysFolder, wallNow: clock.wall() });
}
