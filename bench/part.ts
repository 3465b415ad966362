/** Runs one bench in a process of its own and sends its figures to whoever started it. */
import type { Figure } from "./figure.ts";
import type { Sizes } from "./sizes.ts";

const [name = "", sizes = ""] = process.argv.slice(2);
// Loaded late: the bench of memory measures what loading costs.
const { run } = (await import(`./${name}.ts`)) as { readonly run: (sizes: Sizes) => Promise<readonly Figure[]> };
const figures = await run(JSON.parse(sizes) as Sizes);
if (process.send) process.send(figures, () => process.disconnect());
else process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
