/** Fifty thousand device-hours of ordinary life and random faults: no promise is broken and nothing trips. `npm run soak` lives a million. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { soak } from "./soak-run.ts";

const parts = 5;
const hoursOfPart = 10_000;

describe(`${parts * hoursOfPart} device-hours in plants where everything happens that happens`, () => {
  for (let part = 1; part <= parts; part++) {
    test(`break no promise and trip nothing: part ${part} of ${parts}`, async () => {
      const { broken, deviceHours, asked } = await soak({ deviceHours: hoursOfPart, firstSeed: part * 1000 });
      assert.deepEqual(broken, []);
      assert.ok(deviceHours >= hoursOfPart);
      assert.ok(asked > deviceHours, `${asked} packets that asked something`);
    });
  }
});
