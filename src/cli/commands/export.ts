/** Writes the watchlist's devices as an inventory that `import` reads back. */
import path from "node:path";
import { inventoryText } from "../../config/inventory/export-inventory.ts";
import { writeAtomically } from "../atomic-file.ts";
import type { Command } from "../command.ts";
import { identitiesOf } from "../identities.ts";
import { failed } from "../report.ts";
import { plannedSite } from "../site.ts";
import { counted } from "../text.ts";

export const exportCommand: Command = {
  name: "export",
  plans: true,
  words: [{ name: "csv", required: true }],
  options: {},
  examples: [["watchkeeper export inventory.csv", "one line a device; a spreadsheet opens it, and runs no cell of it as a formula"]],
  more: "The columns are those of UR E27 3.1.1 that a watchlist holds, then what each device said of itself (found vendor, product, firmware, serial number, certificate), on which day, and whether a person has accepted it. It names addresses: treat the file as confidential. Approvals, statements and checks stay in their own files.",
  run(context) {
    const planned = plannedSite(context);
    if ("inFiles" in planned) return Promise.resolve(failed(context, planned.problems));
    const file = path.resolve(context.cwd, context.words[0]!);
    const { value } = planned.site.watchlist;
    const known = identitiesOf(context, planned.settings.stateDir, planned.compiled.plan);
    if ("problems" in known)
      for (const problem of known.problems) context.warn(`What the devices said of themselves is left out: ${problem}`);
    try {
      writeAtomically(file, inventoryText(value, "problems" in known ? new Map() : known));
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
      return Promise.resolve(failed(context, [`${file}: cannot be written (${error.message})`]));
    }
    if (context.flag("json")) context.print(JSON.stringify({ file, devices: value.devices.length }));
    else context.print(`Written: ${file}, ${counted(value.devices.length, "device")}`);
    return Promise.resolve(0);
  },
};
