/** Reads every file of the site and says everything that is wrong, with file and line. */
import { raisedLines } from "../../config/compile/raised.ts";
import type { Command } from "../command.ts";
import { labNotice } from "../lab.ts";
import { failed } from "../report.ts";
import { plannedSite, type PlannedSite } from "../site.ts";
import { counted } from "../text.ts";

export const checkConfig: Command = {
  name: "check-config",
  plans: true,
  words: [],
  options: {},
  examples: [
    ["watchkeeper check-config", "check ./watchkeeper.yaml and all that it names"],
    ["watchkeeper check-config --json", "the same for an editor or a pipeline"],
  ],
  more: "Sends nothing and changes nothing. Exit code 1 when something is wrong; a check that is merely not approved is not wrong: see `watchkeeper plan`.",
  run(context) {
    const planned = plannedSite(context);
    const inFiles = "inFiles" in planned ? planned.inFiles : planned.compiled.problems;
    const { problems } = planned;
    if (context.flag("json")) {
      // A problem of the state folder or of --lab stands in no line of a file.
      const others = inFiles.length === 0 ? problems.map((text) => ({ text })) : [];
      context.print(JSON.stringify({ ok: problems.length === 0, problems: [...inFiles, ...others] }, undefined, 2));
      return Promise.resolve(problems.length === 0 ? 0 : 1);
    }
    if (problems.length > 0) {
      const code = failed(context, problems);
      context.warn(
        `${counted(problems.length, "problem")}. A poller that runs keeps the files as they were; one that starts asks nothing.`,
      );
      return Promise.resolve(code);
    }
    if (!("inFiles" in planned)) for (const line of told(planned)) context.print(line);
    return Promise.resolve(0);
  },
};

/** Not wrong, and not what the file says either. */
const raisedMax = 25;

function told({ site, compiled }: PlannedSite): readonly string[] {
  const { checks, refused, devices } = compiled.plan;
  const raised = raisedLines(compiled.raised);
  const files = [site.settings.file, site.watchlist.file, ...[...site.siteProfiles.values()].map(({ file }) => file)];
  return [
    ...(site.lab ? [labNotice] : []),
    `No mistake in ${files.join(", ")}.`,
    `${counted(devices.size, "device")}: ${counted(checks.size, "check")} would be asked, ${counted(refused.size, "check")} not: see \`watchkeeper plan\`.`,
    ...raised.slice(0, raisedMax),
    ...(raised.length > raisedMax ? [`and ${counted(raised.length - raisedMax, "check")} more: see \`watchkeeper plan --full\``] : []),
  ];
}
