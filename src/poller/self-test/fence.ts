/** Whether the kernel holds the poller to the plan: the installed fence against the one that `fence print` would give. */
import type { FencePorts } from "../../cli/ports.ts";
import type { Plan } from "../../domain/plan.ts";
import { notChecked, passed, warned, type SelfTestItem } from "../../domain/self-test.ts";
import { differences, listed, NoListing, scopeOf } from "../../fence/installed.ts";
import { rulesetOf, type FencedSegment } from "../../fence/ruleset.ts";

const name = "fence";
const load = "load what `watchkeeper fence print` prints, as root with nft -f (README.md, The kernel fence)";
const look = "run `sudo watchkeeper fence check`";

/** A poller that runs as root is held by a fence of the whole host or of root alone. `asRoot`: whether that is asked. */
export async function tryFence(plan: Plan, fence: FencePorts, asRoot: boolean): Promise<SelfTestItem> {
  const found = [...plan.segments.values()].map(({ id, subnet, localAddress }) => ({
    id,
    subnet,
    localAddress,
    interfaceName: fence.interfaceHolding(localAddress),
  }));
  const segments = found.filter((one): one is typeof one & FencedSegment => one.interfaceName !== undefined);
  const missing = found.find(({ interfaceName }) => interfaceName === undefined);
  if (missing) return notChecked(name, `no interface of this machine has ${missing.localAddress}, the address in segment ${missing.id}`);
  if (segments.every(({ interfaceName }) => interfaceName === "lo")) return notChecked(name, "the loopback interface needs none");
  const installed = await fence.installed();
  if (installed === undefined) return warned(name, "absent: what the kernel repeats by itself is held by nothing but its sysctls", load);
  if (typeof installed !== "string") return notChecked(name, `needs root (${installed.problems.join("; ")})`, look);
  return judged(plan, segments, installed, asRoot);
}

function judged(plan: Plan, segments: readonly FencedSegment[], installed: string, asRoot: boolean): SelfTestItem {
  try {
    const table = listed(installed);
    const scope = scopeOf(table);
    if (scope === undefined) return warned(name, "stale: the table inet watchkeeper has no label of a fence", load);
    const [first, ...more] = differences(table, rulesetOf({ plan, segments, scope }));
    if (first !== undefined) return warned(name, `stale: ${first}${more.length > 0 ? `, and ${more.length} more differences` : ""}`, load);
    if (asRoot && scope !== "host" && scope.user !== "root" && scope.user !== "0")
      return warned(name, `present, but for the user ${scope.user}, and this poller runs as root`, "run the poller as that user");
    return passed(name, `present: it is the plan's, for ${scope === "host" ? "the whole host" : `the user ${scope.user}`}`);
  } catch (error) {
    if (!(error instanceof NoListing)) throw error;
    return notChecked(name, `nft: ${error.message}`, look);
  }
}
