/** Takes an asset inventory over into the watchlist: proposes, approves nothing, and lists what it could not place. */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { decodedTable } from "../../config/inventory/decode.ts";
import { importInventory, type Imported } from "../../config/inventory/import-inventory.ts";
import { printable } from "../../domain/printable.ts";
import { writeAtomically } from "../atomic-file.ts";
import { recorded, type Record } from "../audit.ts";
import type { Command, Context } from "../command.ts";
import { importView } from "../import-view.ts";
import { failed } from "../report.ts";
import { plannedSite, type PlannedSite } from "../site.ts";
import { styleFor, widthFor } from "../style.ts";
import { counted } from "../text.ts";

/** About 100,000 rows. */
const bytesMax = 64 * 1024 * 1024;

export const importCommand: Command = {
  name: "import",
  plans: true,
  words: [{ name: "csv", required: true }],
  options: { "dry-run": { type: "flag", summary: "show what would be added; write nothing" } },
  examples: [
    ["watchkeeper import inventory.csv --dry-run", "what would be placed, what would not, and why"],
    ["watchkeeper import inventory.csv", "add it to watchlist.yaml, each entry with comments that say what to look at"],
  ],
  more:
    "Columns are known by their names, in English or German: name, ip address, mac, manufacturer, model, firmware, serial number, location, category, " +
    "zone, function, protocol, profile, switch, ifindex, gateway, unit id. Separators ; , and tab, UTF-8, UTF-16 and Windows-1252 are read as they come. " +
    "The watchlist must have its segments first. Nothing that stands in it is changed, and nothing is approved: `watchkeeper plan` shows what would be " +
    "sent. What sounds like safety, protection or navigation is entered with that function and is never asked. " +
    "Exit code 1 when something could not be placed; the rest is written all the same.",
  async run(context) {
    const planned = plannedSite(context, { wholeLibrary: true });
    if ("inFiles" in planned) return failed(context, planned.problems);
    const file = path.resolve(context.cwd, context.words[0]!);
    const read = readTable(file);
    if ("problem" in read) return failed(context, [read.problem]);
    const { ownAddresses, defaultGateways } = context.machine();
    const imported = importInventory(planned.site, {
      file: printable(path.basename(file), 200),
      text: read.text,
      methods: context.methods,
      surroundings: { lab: planned.site.lab, ownAddresses, defaultGateways },
    });
    if ("problems" in imported) return failed(context, imported.problems);
    const dry = context.flag("dry-run");
    const unwritten = dry ? undefined : await written(context, planned, path.basename(file), imported);
    if (unwritten !== undefined) return failed(context, unwritten);
    if (context.flag("json")) context.print(JSON.stringify(asJson(planned, imported, dry), undefined, 2));
    else {
      const view = { watchlist: planned.site.watchlist.file, dry, width: widthFor(context), style: styleFor(context) };
      context.print(importView(imported, view).join("\n"));
    }
    return imported.unplaced.length > 0 ? 1 : 0;
  },
};

function readTable(file: string): { readonly text: string } | { readonly problem: string } {
  try {
    const { size } = statSync(file);
    if (size > bytesMax) return { problem: `${file}: found ${size} bytes, expected an inventory of at most ${bytesMax}` };
    return { text: decodedTable(readFileSync(file)) };
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return { problem: `${file}: cannot be read (${error.message}); expected an inventory saved as CSV` };
  }
}

/** Records, then writes: a change without its record does not happen. */
async function written(
  context: Context,
  { settings, site }: PlannedSite,
  from: string,
  imported: Imported,
): Promise<readonly string[] | undefined> {
  if (imported.text === undefined) return undefined;
  const { file, location } = site.watchlist;
  const detail = `${file}: ${counted(imported.placed.length, "device")} added from ${from}, none of them approved`;
  const entry: Record = { source: context.user, category: "configuration", type: "import", result: "success", detail };
  const unrecorded = await recorded(context, settings, entry);
  if (unrecorded) return [...unrecorded.problems, `${file} is not changed: a change without its audit record does not happen`];
  try {
    writeAtomically(location, imported.text);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    const failure = `${location}: cannot be written (${error.message}); it is as it was`;
    await recorded(context, settings, { ...entry, result: "failure", detail: failure });
    return [failure];
  }
}

function asJson({ site }: PlannedSite, { placed, already, unplaced, unusedColumns, rows, text }: Imported, dry: boolean): object {
  return {
    schema: "import/v1",
    watchlist: site.watchlist.file,
    written: !dry && text !== undefined,
    rows,
    placed: placed.map(({ line, id, address, profile, never, entry, notes }) => ({
      line,
      id,
      address: address ?? null,
      profile,
      never,
      entry,
      notes,
    })),
    already,
    unplaced,
    unusedColumns,
  };
}
