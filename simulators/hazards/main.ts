/** `npm run hazards`: runs a poller against fragile devices and says which of them it harmed. */
import { parseArgs } from "node:util";
import { carelessPoller, foreignPoller, type StartPolling, watchkeeperPoller } from "./pollers.ts";
import { hazards, tryAll, type Tried } from "./suite.ts";

const help = `Runs a poller against devices that are easily harmed, on loopback addresses, and says which came to harm.

  npm run hazards                                     Watchkeeper, and a careless loop beside it as control
  npm run hazards -- --poller 'python3 my.py {targets}'   your own poller in Watchkeeper's place
  npm run hazards -- --only evicts-oldest,dead-units  some of them

  --poller COMMAND  {targets} becomes a JSON file: {"targets": [{address, port, protocol, unitId, intervalMs, …}]}; ended by SIGTERM
  --only NAMES      of ${hazards.map(({ id }) => id).join(", ")}
  --markdown        the table of docs/hazards.md
  --json            everything

Exit code 0: the poller harmed none, and the control did harm. 1: it harmed some, or the control none. 2: wrong usage.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const wishes = readWishes(args);
  if (typeof wishes === "string") {
    process.stderr.write(wishes);
    return wishes === help ? 0 : 2;
  }
  const { wanted, poller, own, markdown, json } = wishes;
  // One after the other: a careless loop takes a processor for itself, and lateness would be taken for harm.
  const judged = await tryAll({
    hazards: wanted,
    start: poller,
    network: 2,
    ...(own ? { atOnce: 4, together: 1 } : { atOnce: 3, together: 13 }),
  });
  const control = await tryAll({ hazards: wanted, start: carelessPoller, network: 3, atOnce: 6, together: 1 });
  if (json) process.stdout.write(`${JSON.stringify({ judged: judged.map(plain), control: control.map(plain) }, undefined, 2)}\n`);
  else process.stdout.write(markdown ? markdownTable(judged, control) : textTable(judged, control));
  const harmed = judged.filter((one) => one.harmed).length;
  const controlHarmed = control.filter((one) => one.harmed).length;
  if (!json && !markdown) process.stdout.write(`\nHarmed: ${harmed} of ${judged.length}; by the control: ${controlHarmed}.\n`);
  return harmed === 0 && controlHarmed > 0 ? 0 : 1;
}

interface Wishes {
  readonly wanted: typeof hazards;
  readonly poller: StartPolling;
  /** Not Watchkeeper, but somebody's own. */
  readonly own: boolean;
  readonly markdown: boolean;
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
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return help;
    const names = values.only?.split(",") ?? hazards.map(({ id }) => id);
    const unknown = names.find((name) => hazards.every(({ id }) => id !== name));
    if (unknown !== undefined) return `--only ${unknown}: there is no such hazard\n\n${help}`;
    const own = values.poller !== undefined;
    const poller = values.poller === undefined ? watchkeeperPoller : foreignPoller(values.poller);
    return { wanted: hazards.filter(({ id }) => names.includes(id)), poller, own, markdown: values.markdown, json: values.json };
  } catch (cause) {
    // What parseArgs throws for an option that it does not know.
    if (!(cause instanceof TypeError)) throw cause;
    return `${cause.message}\n\n${help}`;
  }
}

function plain({ hazard, harmed, seen, notAsked }: Tried): object {
  return { hazard: hazard.id, rows: hazard.rows, title: hazard.title, harmed, seen, notAsked };
}

function word(tried: Tried): string {
  return tried.harmed ? "HARMED" : tried.notAsked.length > 0 ? "not asked" : "unharmed";
}

function seenWords({ seen, notAsked }: Tried): string {
  return notAsked.length === 0 ? seen : `${seen} (${notAsked[0]!.split(":")[0]!})`;
}

function textTable(judged: readonly Tried[], control: readonly Tried[]): string {
  return judged
    .map((one, at) => {
      const other = control[at]!;
      return `${one.hazard.id}${one.hazard.rows.map((row) => ` ${row}`).join("")}: ${one.hazard.title}\n  ${word(one).padEnd(10)}${seenWords(one)}\n  control: ${word(other).padEnd(10)}${other.seen}\n`;
    })
    .join("");
}

function markdownTable(judged: readonly Tried[], control: readonly Tried[]): string {
  const rows = judged.map((one, at) => {
    const other = control[at]!;
    return `| ${one.hazard.title} | ${one.hazard.rows.join(" ")} | ${word(one)}: ${seenWords(one)} | ${word(other)}: ${other.seen} |`;
  });
  return ["| Hazard | Rows | Watchkeeper | Plain loops on the protocols' packages |", "|---|---|---|---|", ...rows, ""].join("\n");
}
