/** The running poller of the site a command was called for, and what a command says when there is none. */
import { join } from "node:path";
import { controlSocketName } from "../domain/control.ts";
import type { Context } from "./command.ts";
import { controlClient, type ControlClient } from "./control-client.ts";

export function pollerOf(context: Pick<Context, "clock">, stateDir: string): ControlClient {
  return controlClient(join(stateDir, controlSocketName), context.clock);
}

export function nobodyRuns(stateDir: string): string {
  return `${join(stateDir, controlSocketName)}: no poller runs for this site; start it with \`watchkeeper run\``;
}
