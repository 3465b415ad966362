/** A process that is killed while it asks. Arguments: the state folder, the boot's name, checks that it asks to their end, `--`, checks it dies over; each with its place after an `@`, where one is known. */
import type { Check } from "../../../src/domain/plan.ts";
import { InFlightFile } from "../../../src/store/in-flight-file.ts";

const [folder = "", boot = "", ...checks] = process.argv.slice(2);
const check = (named: string): Check => ({ id: named.split("@")[0], device: named.split("@")[1] ?? "" }) as unknown as Check;
const divider = checks.indexOf("--");
const inFlight = new InFlightFile(folder, { boot, placeOf: ({ device }) => device });
const poisoned = inFlight.start();
if ("problem" in poisoned) throw new Error(poisoned.problem);
process.stdout.write(JSON.stringify(poisoned.map((one) => one.check)));
for (const id of checks.slice(0, divider)) {
  inFlight.begin(check(id));
  inFlight.end(check(id));
}
for (const id of checks.slice(divider + 1)) inFlight.begin(check(id));
// The line above is on its way to whoever reads it.
process.stdout.write("", () => process.kill(process.pid, "SIGKILL"));
