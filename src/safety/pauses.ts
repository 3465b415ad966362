/** What gives way to a pause before it begins: kept connections are given back in order, and what is still out at the last is cut. */
import type { Circumstances } from "../domain/gate.ts";
import { pauseCutsBefore, pauseLead } from "../domain/limits.ts";
import type { Check, LineId, Plan } from "../domain/plan.ts";
import type { ConnectionKeeper } from "./keeper.ts";
import type { MintedPermit } from "./permit.ts";

/** To be called with every pulse while a pause is near. A line that is being asked is left alone until its answer is there, or until the last. */
export function giveWay(
  { devices }: Pick<Plan, "devices">,
  circumstances: Pick<Circumstances, "pause">,
  out: Iterable<MintedPermit>,
  keeper: Pick<ConnectionKeeper, "letGoUnless">,
): void {
  const near = ({ device: id }: Check, within: number): boolean => {
    const device = devices.get(id);
    const pause = device && circumstances.pause(device);
    return pause !== undefined && pause.beginsIn <= within;
  };
  const asked = new Set<LineId>();
  for (const permit of out) {
    if (near(permit.check, pauseCutsBefore)) permit.revoke("window_pause");
    else asked.add(permit.check.line);
  }
  void keeper.letGoUnless((check) => asked.has(check.line) || !near(check, pauseLead));
}
