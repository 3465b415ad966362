/** Shows everything that would be sent, how often and at worst, and why the rest is not. */
import { describeDocuments } from "../../config/citations.ts";
import { describePlan } from "../../config/describe.ts";
import { planJson } from "../../config/plan-json.ts";
import type { Command } from "../command.ts";
import { planAgainst } from "../plan-against.ts";
import { planView } from "../plan-view.ts";
import { failed } from "../report.ts";
import { plannedSite } from "../site.ts";
import { styleFor, widthFor } from "../style.ts";

export const plan: Command = {
  name: "plan",
  plans: true,
  words: [],
  options: {
    against: { type: "text", value: "<other>", summary: "what a folder of profiles, or a plan/v1, of another version would change" },
    full: { type: "flag", summary: "everything: each device with every byte that is sent, what is missing, approvals, budgets" },
  },
  examples: [
    ["watchkeeper plan", "what is asked, what each family sends at most, what the owner states first, which document says so"],
    ["watchkeeper plan --full", "each device in words, with every byte; .. is a counter or session handle"],
    [
      "watchkeeper plan --against ../watchkeeper-0.2/device-profiles",
      "what an upgrade makes looser, tighter, new or gone; exit code 1 where a person must look",
    ],
    ["watchkeeper plan --json", "all of it as plan/v1, with frame templates as {hex, mask}"],
  ],
  more: "Works out the plan from the files as they are now, without sending anything. Exit code 1 when the files hold a mistake.",
  run(context) {
    const planned = plannedSite(context);
    if (planned.problems.length > 0 || "inFiles" in planned) return Promise.resolve(failed(context, planned.problems));
    const { methods } = context;
    const { site } = planned;
    const { sysctls } = context.machine();
    const json = planJson(planned.compiled, sysctls);
    const against = context.text("against");
    if (against !== undefined) return Promise.resolve(planAgainst(context, json, against));
    if (context.flag("json")) context.print(JSON.stringify(json, undefined, 2));
    else if (context.flag("full"))
      context.print([...describePlan(planned.compiled, { methods, sysctls }), ...describeDocuments(site)].join("\n"));
    else context.print(planView(planned.compiled, json, { width: widthFor(context), style: styleFor(context), methods, site }).join("\n"));
    return Promise.resolve(0);
  },
};
