/** Measures what the product costs beside the same work done bare, in one run on one machine, and says which aims are met. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { table, withVerdict, type Figure } from "./figure.ts";
import { full, tiny } from "./sizes.ts";

const parts = ["exchange-cost", "lateness", "neighbours", "memory", "scrape"] as const;
/** Asked for by name only: they need Debian's packages, or a quarter of an hour. */
const further = ["others", "growth"] as const;
const usage = `npm run bench -- [--json] [--only ${[...parts, ...further].join("|")}] [--tiny]

others: beside blackbox_exporter and zabbix-agent2, fetched from Debian's mirrors and not installed. growth: from 100 to 50,000 devices.

Exit 0: measured, whether or not the aims are met. 1: could not measure. 2: wrong usage.
`;

async function main(): Promise<number> {
  const wishes = readWishes();
  if (!wishes) return 2;
  const sizes = JSON.stringify(wishes.tiny ? tiny : full);
  const before = loadavg()[0]!;
  const figures: Figure[] = [];
  for (const part of wishes.only === undefined ? parts : [wishes.only]) {
    const measured = await measure(part, sizes);
    if (!measured) return 1;
    figures.push(...measured);
  }
  const machine = { processors: availableParallelism(), node: process.version, loadBefore: before, loadAfter: loadavg()[0]! };
  if (wishes.json) process.stdout.write(`${JSON.stringify({ machine, figures: figures.map(withVerdict) }, undefined, 2)}\n`);
  else {
    const { processors, node, loadBefore, loadAfter } = machine;
    process.stdout.write(table(figures));
    process.stdout.write(
      `\n${processors} processors, Node ${node}, load ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} after.\n`,
    );
    process.stdout.write("Compare ratios of one run; times of different runs or machines say little.\n");
  }
  return 0;
}

/** One after the other, each in a process of its own: neither memory nor compiled code of one bears on the next. */
async function measure(part: string, sizes: string): Promise<readonly Figure[] | undefined> {
  const child = fork(new URL("part.ts", import.meta.url), [part, sizes], { execArgv: ["--expose-gc"] });
  let figures: readonly Figure[] | undefined;
  child.on("message", (message) => (figures = message as readonly Figure[]));
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0 ? figures : undefined;
}

function readWishes(): { readonly json: boolean; readonly only: string | undefined; readonly tiny: boolean } | undefined {
  try {
    const { values } = parseArgs({
      options: { json: { type: "boolean", default: false }, only: { type: "string" }, tiny: { type: "boolean", default: false } },
    });
    const { json, only, tiny: small } = values;
    if (only === undefined || [...parts, ...further].some((name) => name === only)) return { json, only, tiny: small };
    process.stderr.write(`--only ${only}: expected ${[...parts, ...further].join(", ")}\n\n${usage}`);
  } catch (cause) {
    // What parseArgs throws for an option that it does not know.
    if (!(cause instanceof TypeError)) throw cause;
    process.stderr.write(`${cause.message}\n\n${usage}`);
  }
  return undefined;
}

process.exitCode = await main();
