/** `plan --against`: what the profiles of another version, or a plan that it wrote, would change at this site. */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { changeLines, planChanges, readPlan, type ComparablePlan, type PlanChanges } from "../config/plan-against.ts";
import { planJson, type PlanJson } from "../config/plan-json.ts";
import { printable } from "../domain/printable.ts";
import type { Context, ExitCode } from "./command.ts";
import type { Problems } from "./ports.ts";
import { failed } from "./report.ts";
import { plannedSite } from "./site.ts";

/** Exit code 1 where anything becomes looser or is no longer asked: then a person looks before the upgrade. */
export function planAgainst(context: Context, now: PlanJson, given: string): ExitCode {
  const location = path.resolve(context.cwd, given);
  const other = otherPlan(context, location, given);
  if ("problems" in other) return failed(context, other.problems);
  if (other.plan.site !== now.site)
    return failed(context, [`--against: found a plan of site ${printable(other.plan.site, 63)}, expected one of ${now.site}`]);
  const changes = planChanges(now, other.plan);
  if (context.flag("json")) context.print(JSON.stringify(changes, undefined, 2));
  else for (const line of changeLines(changes)) context.print(printable(line, 2000));
  return wantsLooking(changes) ? 1 : 0;
}

function wantsLooking({ checks }: PlanChanges): boolean {
  return checks.some(
    ({ change, before, after }) => change === "looser" || (change !== "new" && before === undefined && after !== undefined),
  );
}

function otherPlan(context: Context, location: string, given: string): { readonly plan: ComparablePlan } | Problems {
  try {
    if (statSync(location).isDirectory()) return withProfiles(context, location);
    const plan = readPlan(JSON.parse(readFileSync(location, "utf8")));
    return plan === undefined
      ? { problems: [`--against: ${printable(given, 300)} is no plan/v1, as \`plan --json\` writes it`] }
      : { plan };
  } catch (error) {
    if (error instanceof SyntaxError) return { problems: [`--against: ${printable(given, 300)} is neither a folder of profiles nor JSON`] };
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return { problems: [`--against: ${printable(given, 300)} cannot be read (${error.message})`] };
  }
}

/** This site's own files over the other library. */
function withProfiles(context: Context, shippedProfileDir: string): { readonly plan: PlanJson } | Problems {
  const planned = plannedSite(context, { shippedProfileDir });
  if ("inFiles" in planned || planned.problems.length > 0) return { problems: planned.problems };
  return { plan: planJson(planned.compiled, context.machine().sysctls) };
}
