/** How a poller grows with its devices, from 100 to 50,000: memory, a scrape, its longest work without a pause, and taking over a plan; each by device. */
import { fork } from "node:child_process";
import { once } from "node:events";
import type { Figure } from "./figure.ts";
import type { Sizes } from "./sizes.ts";

/** Up to five times the working point. */
const counts = [100, 1000, 10_000, 50_000] as const;
/** The working point; beyond it a device may cost so many times what it costs there. */
const linearFrom = 10_000;
const linearAtMost = 1.3;
const workAimMs = 20;
/** The poller takes 500 ms more than it expected for a freeze; a busy machine may make thrice as much of it. */
const reloadAimMs = 150;

interface Grown {
  readonly memory: number;
  readonly scrape: number;
  readonly work: number;
  readonly exchange: number;
  readonly plan: number;
  readonly planWork: number;
}

/** A process for each size: what one has compiled or kept does not bear on the next. */
export async function run({ devices }: Sizes): Promise<readonly Figure[]> {
  const sizes: readonly number[] = counts.filter((count) => count <= 5 * devices);
  const grown: Grown[] = [];
  for (const size of sizes) grown.push(await measured(size));
  const at = (size: number): Grown => grown[sizes.indexOf(size)] ?? grown.at(-1)!;
  const reference = at(linearFrom);
  return sizes.flatMap((size): readonly Figure[] => {
    const one = at(size);
    const beside = (value: number): Figure["beside"] => ({ what: "by device at 10,000", value });
    const aim = size > linearFrom ? ({ atMost: linearAtMost, of: "beside" } as const) : undefined;
    const named = (what: string): string => `${size} devices: ${what}`;
    const row = (what: string, value: number, unit: Figure["unit"], compared: number): Figure => ({
      name: named(what),
      value,
      unit,
      beside: beside(compared)!,
      ...(aim && { aim }),
    });
    return [
      row("memory of each, without code", one.memory, "bytes", reference.memory),
      row("CPU of a check without a socket", one.exchange, "µs", reference.exchange),
      row("scrape, of each", one.scrape, "µs", reference.scrape),
      row("reload, of each", one.plan, "µs", reference.plan),
      { name: named("longest work without a pause in a scrape"), value: one.work, unit: "ms", aim: { atMost: workAimMs, of: "unit" } },
      {
        name: named("longest work without a pause in a reload"),
        value: one.planWork,
        unit: "ms",
        aim: { atMost: reloadAimMs, of: "unit" },
      },
    ];
  });
}

async function measured(devices: number): Promise<Grown> {
  const child = fork(new URL("growth-size.ts", import.meta.url), [String(devices)], {
    execArgv: ["--expose-gc", "--max-old-space-size=4096"],
  });
  let grown: Grown | undefined;
  child.on("message", (message) => (grown = message as Grown));
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0 || !grown) throw new Error(`bench: ${devices} devices could not be measured`);
  return grown;
}
