/** Tries the poller's own safeguards, without a device and without a packet, and looks at what else this machine says towards devices. */
import type { SelfTestItem } from "../../domain/self-test.ts";
import { recorded } from "../audit.ts";
import type { Command } from "../command.ts";
import { labAsked } from "../lab.ts";
import { failed } from "../report.ts";
import { plannedSite } from "../site.ts";
import { styleFor, widthFor } from "../style.ts";
import { columns } from "../text.ts";

export const selftest: Command = {
  name: "selftest",
  plans: true,
  words: [],
  options: {},
  examples: [
    ["watchkeeper selftest", "one line each: what was tried, what came of it, what to do"],
    ["watchkeeper selftest --json", "all of it as self-test/v1"],
  ],
  more:
    "Every run of the poller does the same before its first packet, and before it obeys `resume`: where a safeguard fails, the site is stopped. " +
    "Warnings are for a person. Exit code 1 when something failed. docs/selftest.md explains each line.",
  async run(context) {
    const planned = plannedSite(context);
    if ("inFiles" in planned) return failed(context, planned.problems);
    const { settings, compiled } = planned;
    const report = await context.selfTest({
      stateDir: settings.stateDir,
      plan: compiled.plan,
      recorded: async (detail, held) => {
        const result = held ? "success" : "failure";
        const problem = await recorded(context, settings, {
          source: context.user,
          category: "lifecycle",
          type: "self_test",
          result,
          detail,
        });
        return problem?.problems.join(" ");
      },
    });
    if (context.flag("json")) context.print(JSON.stringify({ ...report, lab: labAsked(context) }, undefined, 2));
    else {
      const style = styleFor(context);
      const paint = { ok: style.good, warn: style.doubtful, fail: style.bad, "not-checked": style.faint };
      const row = ({ name, result, detail, toDo }: SelfTestItem): readonly string[] => [
        paint[result](result),
        name,
        toDo === "" ? detail : `${detail}. To do: ${toDo}`,
      ];
      for (const line of columns(report.items.map(row), widthFor(context))) context.print(line);
    }
    return report.items.some(({ result }) => result === "fail") ? 1 : 0;
  },
};
