/** `npm run hazards`: runs a poller against fragile devices and says which of them it harmed. */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { carelessPoller, foreignPoller, type StartPolling, watchkeeperPoller } from "./pollers.ts";
import { hazards, SaysNothing, tryAll, type Tried } from "./suite.ts";
import { longTable, type Outcome, rewritten, shortTable, textTable } from "./tables.ts";

const help = `Runs a poller against devices that are easily harmed, on loopback addresses, and says which came to harm.

  npm run hazards                                     Watchkeeper, and a careless loop beside it as control
  npm run hazards -- --poller 'python3 my.py {targets}'   your own poller in Watchkeeper's place
  npm run hazards -- --only evicts-oldest,dead-units  some of them

  --poller COMMAND  {targets} becomes a JSON file: {"targets": [{address, port, protocol, unitId, intervalMs, …}]}; ended by SIGTERM
  --only NAMES      of ${hazards.map(({ id }) => id).join(", ")}
  --markdown        the table as docs/hazards.md has it
  --write           writes the tables of docs/hazards.md and README.md anew; for Watchkeeper and every hazard
  --json            everything

Exit code 0: the poller harmed none, and the control did harm. 1: it harmed some, or the control none, or nothing can be said of it. 2: wrong usage.
`;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  if (!(cause instanceof SaysNothing)) throw cause;
  process.stderr.write(`${cause.message}\n`);
  process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<number> {
  const wishes = readWishes(args);
  if (typeof wishes === "string") {
    process.stderr.write(wishes);
    return wishes === help ? 0 : 2;
  }
  const { wanted, poller, own } = wishes;
  // One after the other: a careless loop takes a processor for itself, and lateness would be taken for harm.
  const judged = await tryAll({
    hazards: wanted,
    start: poller,
    network: 2,
    ...(own ? { atOnce: 4, together: 1 } : { atOnce: 3, together: 13 }),
  });
  const control = await tryAll({ hazards: wanted, start: carelessPoller, network: 3, atOnce: 6, together: 1 });
  const outcome = { poller: own ? "Your poller" : "Watchkeeper", judged, control };
  process.stdout.write(printed(outcome, wishes));
  if (wishes.write) writePages(outcome);
  return judged.every(({ harmed }) => !harmed) && control.some(({ harmed }) => harmed) ? 0 : 1;
}

function printed(outcome: Outcome, { markdown, json }: Wishes): string {
  const { judged, control } = outcome;
  if (json) return `${JSON.stringify({ judged: judged.map(plain), control: control.map(plain) }, undefined, 2)}\n`;
  return markdown ? longTable(outcome) : textTable(outcome);
}

function writePages(outcome: Outcome): void {
  const parts = [
    ["../../docs/hazards.md", longTable],
    ["../../README.md", shortTable],
  ] as const;
  for (const [name, table] of parts) {
    const page = new URL(name, import.meta.url);
    const text = rewritten(readFileSync(page, "utf8"), table(outcome));
    if (text === undefined) throw new Error(`${page.pathname}: found no part that --write could write anew`);
    writeFileSync(page, text);
  }
}

interface Wishes {
  readonly wanted: typeof hazards;
  readonly poller: StartPolling;
  /** Not Watchkeeper, but somebody's own. */
  readonly own: boolean;
  readonly markdown: boolean;
  readonly write: boolean;
  readonly json: boolean;
}

/** The wishes, the help, or what is wrong. */
function readWishes(args: readonly string[]): Wishes | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        poller: { type: "string" },
        only: { type: "string" },
        markdown: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return help;
    const names = values.only?.split(",") ?? hazards.map(({ id }) => id);
    const unknown = names.find((name) => hazards.every(({ id }) => id !== name));
    if (unknown !== undefined) return `--only ${unknown}: there is no such hazard\n\n${help}`;
    const own = values.poller !== undefined;
    const { json, markdown, write } = values;
    if (write && (own || values.only !== undefined))
      return `--write: the pages hold what every hazard has shown of Watchkeeper: leave out --poller and --only\n\n${help}`;
    const poller = values.poller === undefined ? watchkeeperPoller : foreignPoller(values.poller);
    return { wanted: hazards.filter(({ id }) => names.includes(id)), poller, own, markdown, write, json };
  } catch (cause) {
    // What parseArgs throws for an option that it does not know.
    if (!(cause instanceof TypeError)) throw cause;
    return `${cause.message}\n\n${help}`;
  }
}

function plain({ hazard, harmed, seen, notAsked }: Tried): object {
  return { hazard: hazard.id, rows: hazard.rows, title: hazard.title, harmed, seen, notAsked };
}
