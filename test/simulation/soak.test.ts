/** Fifty thousand device-hours of ordinary life and random faults: no promise is broken and nothing trips. `npm run soak` lives a million. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const parts = 5;
const hoursOfPart = 10_000;
const script = fileURLToPath(new URL("../../scripts/soak.ts", import.meta.url));
const run = promisify(execFile);

describe(`${parts * hoursOfPart} device-hours in plants where everything happens that happens`, { concurrency: 2 }, () => {
  for (let part = 1; part <= parts; part++) {
    test(`break no promise and trip nothing: part ${part} of ${parts}`, async () => {
      // A process of its own is not counted for coverage, which takes twice the time.
      const { stdout } = await run(process.execPath, [script, String(hoursOfPart), String(part * 1000)]);
      const [, hours, asked] =
        /^no promise was broken: (\d+) device-hours, \d+ lives, (\d+) packets that asked something, 0 trips/mu.exec(stdout) ?? [];
      assert.ok(Number(hours) >= hoursOfPart, stdout);
      assert.ok(Number(asked) > Number(hours), stdout);
    });
  }
});
