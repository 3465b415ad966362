/** Shows what the running poller knows: one line a device, trouble first. */
import type { Command, Context, ExitCode } from "../command.ts";
import { deviceView } from "../device-view.ts";
import { nobodyRuns, pollerOf, serviceLines } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsFileOf, settingsOf } from "../settings-file.ts";
import { needsAttention, siteView, type View } from "../status-view.ts";
import { styleFor, widthFor } from "../style.ts";
import type { Status } from "../../domain/control.ts";

export const status: Command = {
  name: "status",
  words: [{ name: "device", required: false }],
  options: {},
  examples: [
    ["watchkeeper status", "one line a device, trouble first"],
    ["watchkeeper status fresh-water-plc", "one device with each of its checks"],
    ["watchkeeper status --json", "all of it as status/v1"],
  ],
  more:
    "Reads the memory of the running poller: no device is asked. Exit code 1 when a person should look: " +
    "the site is stopped, something is tripped, held, down, degraded or cannot be heard, a check was asked three times and never answered, the last reload failed, or no poller runs.",
  async run(context) {
    const settings = settingsOf(context);
    if ("problems" in settings) return failed(context, settings.problems);
    const asked = await pollerOf(context, settings.stateDir).ask("status", {});
    if (asked.kind === "trouble") return failed(context, [asked.detail]);
    if (asked.kind === "nobody") {
      const service = serviceLines(settingsFileOf(context));
      return failed(context, [nobodyRuns(settings.stateDir), ...service, ...stopLine(context, settings.stateDir)]);
    }
    if (!asked.reply.ok) return failed(context, asked.reply.problems);
    return shown(context, asked.reply.result, settings.stateDir);
  },
};

function shown(context: Context, status: Status, stateDir: string): ExitCode {
  const view: View = { width: widthFor(context), style: styleFor(context) };
  const name = context.words[0];
  const device = status.devices.find((one) => one.device === name);
  if (name !== undefined && !device)
    return failed(context, [`${name}: no such device in the running plan; \`watchkeeper status\` lists them`]);
  if (context.flag("json")) context.print(JSON.stringify(device ?? status, undefined, 2));
  else if (device) context.print(deviceView(device, status, view).join("\n"));
  else context.print(siteView(status, context.state.stopped(stateDir), view).join("\n"));
  return needsAttention(device ? { ...status, devices: [device] } : status) ? 1 : 0;
}

function stopLine(context: Context, stateDir: string): readonly string[] {
  const stop = context.state.stopped(stateDir);
  return stop
    ? [`The site is stopped by ${stop.by}: ${stop.reason}. A poller that starts will ask nothing until \`watchkeeper resume\`.`]
    : [];
}
