/** What gives way to windows: before a pause kept connections are given back in order, and what is still out at the last is cut; a deep query is cut before its window ends. */
import type { Circumstances } from "../domain/gate.ts";
import { deepQueryCutsBefore, pauseCutsBefore, pauseLead } from "../domain/limits.ts";
import type { Check, LineId, Plan, PlannedDevice } from "../domain/plan.ts";
import type { ConnectionKeeper } from "./keeper.ts";
import type { MintedPermit } from "./permit.ts";

/** To be called with every pulse while a pause is near or a deep-query window open. A line that is being asked is left alone until its answer is there, or until the last. */
export function giveWay(
  { devices }: Pick<Plan, "devices">,
  circumstances: Pick<Circumstances, "pause" | "deepQuery">,
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
    const device = devices.get(permit.check.device);
    if (near(permit.check, pauseCutsBefore)) permit.revoke("window_pause");
    else if (permit.check.deep && device && isLeaving(circumstances, device)) permit.revoke("no_window");
    else asked.add(permit.check.line);
  }
  void keeper.letGoUnless((check) => asked.has(check.line) || !near(check, pauseLead));
}

/** A window that was closed, or is about to end. */
function isLeaving({ deepQuery }: Pick<Circumstances, "deepQuery">, device: PlannedDevice): boolean {
  const leave = deepQuery(device);
  return leave.leave !== "open" || leave.endsIn <= deepQueryCutsBefore;
}
