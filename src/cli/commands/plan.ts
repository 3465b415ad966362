/** Shows everything that would be sent, how often and at worst, and why the rest is not. */
import { describePlan } from "../../config/describe.ts";
import { planJson } from "../../config/plan-json.ts";
import type { Command } from "../command.ts";
import { planView } from "../plan-view.ts";
import { failed } from "../report.ts";
import { plannedSite } from "../site.ts";
import { styleFor, widthFor } from "../style.ts";

export const plan: Command = {
  name: "plan",
  summary: "show what would be sent to which device, how often, at worst, and what is not asked",
  words: [],
  options: {
    full: { type: "flag", summary: "everything: each device with every byte that is sent, what is missing, approvals, budgets" },
  },
  examples: [
    ["watchkeeper plan", "what is asked, what each family sends at most, what is missing"],
    ["watchkeeper plan --full", "each device in words, with every byte; .. is a counter or session handle"],
    ["watchkeeper plan --json", "all of it as plan/v1, with frame templates as {hex, mask}"],
  ],
  more: "Works out the plan from the files as they are now, without sending anything. Exit code 1 when the files hold a mistake.",
  run(context) {
    const planned = plannedSite(context);
    if (planned.problems.length > 0 || "inFiles" in planned) return Promise.resolve(failed(context, planned.problems));
    const { methods } = context;
    const { sysctls } = context.machine();
    const json = planJson(planned.compiled, sysctls);
    if (context.flag("json")) context.print(JSON.stringify(json, undefined, 2));
    else if (context.flag("full")) context.print(describePlan(planned.compiled, { methods, sysctls }).join("\n"));
    else context.print(planView(planned.compiled, json, { width: widthFor(context), style: styleFor(context), methods }).join("\n"));
    return Promise.resolve(0);
  },
};
