/** Lets the running poller read its files again. */
import type { Command } from "../command.ts";
import { nobodyRuns, pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { counted } from "../text.ts";
import { restartWords } from "../../domain/restart-words.ts";
import { seconds } from "../../domain/units.ts";

export const reload: Command = {
  name: "reload",
  words: [],
  options: { by: { type: "text", value: "<name>", summary: "who reloads (default: the login name)" } },
  examples: [
    ["watchkeeper reload", "the running poller takes the files as they are now, or says what is wrong and goes on with the old ones"],
  ],
  more: "Lifts no stop, trip or suspension. What the web server, the log and the site are called and where they are is taken at the start alone: changed, it waits for the next one, and the answer says so. With a mistake in any file the plan before goes on, and the exit code is 1.",
  async run(context) {
    const settings = settingsOf(context);
    if ("problems" in settings) return failed(context, settings.problems);
    // 10,000 devices take some seconds to read.
    const asked = await pollerOf(context, settings.stateDir).ask("reload", { by: context.text("by") ?? context.user }, seconds(60));
    if (asked.kind === "nobody") return failed(context, [nobodyRuns(settings.stateDir)]);
    if (asked.kind === "trouble") return failed(context, [asked.detail]);
    if (!asked.reply.ok) return failed(context, asked.reply.problems);
    const { planDigest, devices, checks, refused, restartFor } = asked.reply.result;
    if (context.flag("json")) context.print(JSON.stringify(asked.reply.result));
    else {
      context.print(`Reloaded: ${counted(devices, "device")}, ${counted(checks, "check")} asked, ${refused} not asked.`);
      context.print(`plan ${planDigest}`);
      if (restartFor.length > 0) context.print(`NOT YET: ${restartWords(restartFor)}.`);
    }
    return 0;
  },
};
