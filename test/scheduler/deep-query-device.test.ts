/** A deep query asks what it was begun with, wherever a reload leads its names. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deepQueryFirstWait } from "../../src/domain/limits.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { family, plc, said, Scene } from "./support/deep-scene.ts";

describe("a deep query of a device", () => {
  it("ends as a whole where a reload gives a name to another machine, between two questions and before the first of a device", async () => {
    const swapped = (scene: Scene, devices: readonly LiteralDevice[]): Plan => {
      const { lab } = scene.plan;
      return { ...literalPlan(devices.map((device) => ({ ...device, deep: true }))), lab };
    };
    const scene: Scene = new Scene([plc], () => {
      scene.plan = swapped(scene, [{ ...plc, address: "192.0.2.99" }]);
      return said;
    });
    const { cutShort, devices } = await scene.done();
    assert.deepEqual(scene.asked, ["plc/deep-modbus-identification-regular"]);
    assert.match(cutShort ?? "", /^plc\/deep-modbus-server-id: the plan was changed meanwhile, .* begin anew$/u);
    assert.deepEqual([devices[0]?.ended, devices[0]?.why], ["partly", cutShort]);
    const [a, b, c] = family as [LiteralDevice, LiteralDevice, LiteralDevice];
    const three: Scene = new Scene(
      family,
      (_check, _from, asked) => {
        if (asked === 2) three.plan = swapped(three, [a, { ...b, address: c.address }, { ...c, address: b.address }]);
        return said;
      },
      false,
    );
    const run = await three.done(deepQueryFirstWait + 300_000);
    assert.deepEqual(
      three.asked.filter((asked) => !asked.startsWith("a/")),
      [],
    );
    assert.match(run.cutShort ?? "", /^b\/deep-modbus-identification-regular: the plan was changed/u);
    assert.deepEqual(
      run.devices.map(({ ended }) => ended),
      ["complete", "not_asked", "not_asked"],
    );
  });
});
