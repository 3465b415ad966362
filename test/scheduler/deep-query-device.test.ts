/** A deep query asks what it was begun with, wherever a reload leads its names. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deepQueryFirstWait, deepQueryTableEntriesMax } from "../../src/domain/limits.ts";
import type { Answer } from "../../src/domain/outcome.ts";
import type { Check, CheckId, Plan } from "../../src/domain/plan.ts";
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

  it("misses a question that a reload takes out: its device ends and says so, before its first question too, and no other device does", async () => {
    const without = (scene: Scene, ...gone: readonly string[]): Plan => {
      const left = [...scene.plan.deep].filter(([id]) => !gone.some((one) => id.startsWith(one)));
      return { ...scene.plan, deep: new Map(left) };
    };
    const two = [plc, { name: "pump", address: "192.0.2.12", profile: "another" }];
    const scene: Scene = new Scene(two, () => {
      scene.plan = without(scene, "plc/deep-modbus-server-id");
      return said;
    });
    const { cutShort, devices } = await scene.done();
    assert.equal(cutShort, undefined);
    assert.deepEqual(
      devices.map(({ ended, why }) => [ended, why]),
      [
        ["partly", "plc/deep-modbus-server-id: the plan was changed meanwhile and asks this no more"],
        ["complete", undefined],
      ],
    );
    // Those that have waited for the first of their family: by the plan of their turn they would have been asked less, and been called complete.
    const three: Scene = new Scene(
      family,
      (_check, _from, asked) => {
        if (asked === 2) three.plan = without(three, "b/", "c/deep-modbus-server-id");
        return said;
      },
      false,
    );
    const run = await three.done(deepQueryFirstWait + 300_000);
    assert.deepEqual(
      run.devices.map(({ ended, why }) => [ended, why]),
      [
        ["complete", undefined],
        ["not_asked", "b/deep-modbus-identification-regular: the plan was changed meanwhile and asks this no more"],
        ["partly", "c/deep-modbus-server-id: the plan was changed meanwhile and asks this no more"],
      ],
    );
  });

  it("asks nothing that a reload brings: it was begun without it", async () => {
    const question = "plc/deep-modbus-server-id";
    const scene: Scene = new Scene([plc], () => {
      const [other] = literalPlan([{ ...plc, deep: true }]).deep.values();
      scene.plan = {
        ...scene.plan,
        deep: new Map([...scene.plan.deep, ["plc/deep-more" as CheckId, { ...other!, id: "plc/deep-more" as CheckId }]]),
      };
      return said;
    });
    const { cutShort, devices } = await scene.done();
    assert.deepEqual([cutShort, devices[0]?.ended], [undefined, "complete"]);
    assert.deepEqual(scene.asked, ["plc/deep-modbus-identification-regular", question]);
  });

  it("follows a table of any length for as many entries as its read allows, and leaves the rest", async () => {
    const reply = (check: Check, from: number | undefined): Answer =>
      check.deep!.read === "snmp-bridge-table"
        ? { said: "alive", facts: [["00:80:f4:0a:0b:0c", "port 3"]], more: true, next: (from ?? 0) + 0x100 }
        : said;
    const id = "plc/deep-modbus-identification-regular" as CheckId;
    const scene = new Scene([plc], reply, true, (plan) => {
      const table: Check = { ...plan.deep.get(id)!, deep: { read: "snmp-bridge-table" } };
      return { ...plan, deep: new Map([...plan.deep, [id, table]]) };
    });
    const { devices } = await scene.done();
    assert.equal(scene.asked.filter((asked) => asked.startsWith(id)).length, deepQueryTableEntriesMax);
    assert.equal(devices[0]?.ended, "complete");
    assert.ok(
      scene.told.some((text) => text.startsWith("plc: snmp-bridge-table behind 00:00:00:00:01:00: answered")),
      scene.told[1],
    );
    assert.match(scene.told.at(-3) ?? "", /says that still more follows after 64 parts; the rest is left$/u);
  });
});
