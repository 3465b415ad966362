/** `npm run soak [-- <device-hours> [<first seed>]]`: a million device-hours of simulated plant life, with progress, and figures at the end. */
import { soak, type SoakResult } from "../test/simulation/soak-run.ts";

const [deviceHours = 1_000_000, firstSeed = 1] = process.argv.slice(2).map(Number);
if (!(deviceHours > 0) || !Number.isSafeInteger(firstSeed)) {
  process.stderr.write("soak: expected how many device-hours, and a whole number as the first seed: npm run soak -- 1000000 1\n");
  process.exit(2);
}

const figures = ({ deviceHours: hours, lives, asked, trips }: SoakResult): string =>
  `${hours} device-hours, ${lives} lives, ${asked} packets that asked something, ${trips} trips, ${Math.round(process.cpuUsage().user / 1e6)} s of CPU`;

const result = await soak({
  deviceHours,
  firstSeed,
  onLife: (sofar) => {
    if (sofar.lives % 10 === 0) process.stdout.write(`${figures(sofar)}\n`);
  },
});
for (const line of result.broken) process.stdout.write(`BROKEN ${line}; npm run soak -- 1 SEED replays it\n`);
process.stdout.write(`${result.broken.length === 0 ? "no promise was broken" : "A PROMISE WAS BROKEN"}: ${figures(result)}\n`);
process.exitCode = result.broken.length === 0 ? 0 : 1;
