/** Runs the poller until it is told to end. */
import { WrongUsage, type Command } from "../command.ts";
import { labAsked } from "../lab.ts";
import { overridesIn, overridingOptions } from "../overrides.ts";
import { settingsFileOf } from "../settings-file.ts";

export const run: Command = {
  name: "run",
  plans: true,
  words: [],
  options: { ...overridingOptions, "config.check": { type: "flag", summary: "check the files as `check-config` does, and end" } },
  examples: [
    ["watchkeeper run", "run in this terminal, with ./watchkeeper.yaml"],
    ["watchkeeper run --config.file /etc/watchkeeper/watchkeeper.yaml", "as a service runs it"],
    ["watchkeeper run --web.listen-address 127.0.0.1:9825 --log.level debug", "with other settings for this run alone"],
  ],
  more:
    "Asks nothing before a full interval has passed, nothing that is not approved, and nothing while the file STOP lies in the state folder. " +
    "A mistake in the files at the start ends it with exit code 1. SIGTERM and Ctrl-C end it in order, SIGUSR2 stops the site. " +
    "SIGHUP: where standard input is a terminal, the terminal was closed and the poller ends; as a service it reads its files again.",
  async run(context) {
    const overrides = overridesIn(context);
    if (context.flag("config.check")) {
      if (overrides) throw new WrongUsage("--config.check looks at the files alone: found it beside settings of the command line");
      return (await import("./check-config.ts")).checkConfig.run(context);
    }
    const code = await context.runPoller({
      settingsFile: settingsFileOf(context),
      lab: labAsked(context),
      ...(overrides && { overrides }),
    });
    return code === 0 ? 0 : code === 2 ? 2 : 1;
  },
};
