/** The running poller of the site a command was called for, and what a command says when there is none. */
import { join } from "node:path";
import { controlSocketName } from "../domain/control.ts";
import type { Context } from "./command.ts";
import { machineSettings } from "./settings-file.ts";
import { controlClient, type ControlClient } from "./control-client.ts";

export function pollerOf(context: Pick<Context, "clock">, stateDir: string): ControlClient {
  return controlClient(join(stateDir, controlSocketName), context.clock);
}

/** Where the settings are those of the installed service: how a person brings it back, also where it was begun too often. */
export function serviceLines(settingsFile: string): readonly string[] {
  if (settingsFile !== machineSettings) return [];
  return [
    "It is this machine's service: `systemctl status watchkeeper` and `journalctl -u watchkeeper -n 50` say why it does not run.",
    "To start it, also after more than five starts in ten minutes (start-limit-hit), as root: systemctl reset-failed watchkeeper; systemctl start watchkeeper",
  ];
}

export function nobodyRuns(stateDir: string): string {
  return `${join(stateDir, controlSocketName)}: no poller runs for this site; start it with \`watchkeeper run\``;
}
