/** Runs the poller until it is told to end. */
import type { Command } from "../command.ts";
import { labAsked } from "../lab.ts";
import { settingsFileOf } from "../site.ts";

export const run: Command = {
  name: "run",
  summary: "ask what is approved, until Ctrl-C or SIGTERM",
  words: [],
  options: {},
  examples: [
    ["watchkeeper run", "run in this terminal, with ./watchkeeper.yaml"],
    ["watchkeeper run --config.file /etc/watchkeeper/watchkeeper.yaml", "as a service runs it"],
  ],
  more:
    "Asks nothing before a full interval has passed, nothing that is not approved, and nothing while the file STOP lies in the state folder. " +
    "A mistake in the files at the start ends it with exit code 1. SIGTERM and Ctrl-C end it in order, SIGUSR2 stops the site. " +
    "SIGHUP: where standard input is a terminal, the terminal was closed and the poller ends; as a service it reads its files again.",
  async run(context) {
    const code = await context.runPoller({ settingsFile: settingsFileOf(context), lab: labAsked(context) });
    return code === 0 ? 0 : code === 2 ? 2 : 1;
  },
};
