/** A new name in the watchlist takes no device out of its trip: not in a reload, not over a restart, not in two steps. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Trip } from "../../src/domain/outcome.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const at = (name: string, last: number, more: Partial<LiteralDevice> = {}): LiteralDevice => ({
  name,
  address: `192.0.2.${last}`,
  places: [`192.0.2.${last}`],
  ...more,
});
const other = at("other", 99);
const harm: Trip = { scope: "device:plc", cause: "harm", detail: "it vanished" };

const tripped = (devices: readonly LiteralDevice[], trip: Trip = harm): SimulatedSite => {
  const site = new SimulatedSite({ plan: literalPlan(devices) });
  site.gate.trip(trip);
  return site;
};
const scopes = (site: SimulatedSite): readonly string[] => site.gate.trips().map(({ scope }) => scope);
/** The next run, with the trips and notes that are on disk. */
const restarted = (before: SimulatedSite, plan: Plan): SimulatedSite =>
  new SimulatedSite({ plan, before, trips: before.gate.trips(), notes: new MemoryNotebook({ pages: before.notes.pages }) });

describe("a tripped device under another name", () => {
  it("is tripped under that name too, says why, and stays so until both are reset", () => {
    const renamed = literalPlan([at("fresh-water", 11), other]);
    for (const again of [(site: SimulatedSite) => (site.adopt(renamed), site), (site: SimulatedSite) => restarted(site, renamed)]) {
      const site = again(tripped([at("plc", 11), other]));
      assert.deepEqual(scopes(site), ["device:plc", "device:fresh-water"]);
      assert.equal(site.gate.trips()[1]?.detail, "it stands where device:plc tripped, which is to be reset as well: it vanished");
      const said = site.facts.filter((fact) => fact.kind === "tripped").map(({ trip }) => trip.scope);
      assert.deepEqual(said.at(-1), "device:fresh-water");
      assert.equal(site.gate.reset("device:fresh-water", "eto-1", "looked"), true);
      site.adopt(renamed);
      assert.deepEqual(scopes(site), ["device:plc", "device:fresh-water"]);
      for (const scope of scopes(site)) site.gate.reset(scope as Trip["scope"], "eto-1", "looked");
      site.adopt(renamed);
      assert.deepEqual(scopes(restarted(site, renamed)), []);
    }
  });
  it("is so in two steps as well: taken out of the list, and put back", () => {
    const site = tripped([at("plc", 11), other]);
    site.adopt(literalPlan([other]));
    const next = restarted(site, literalPlan([other]));
    next.adopt(literalPlan([at("fresh-water", 11), other]));
    assert.deepEqual(scopes(next), ["device:plc", "device:fresh-water"]);
  });
  it("is so where its family is called otherwise, or one address of its hardware leaves the list", () => {
    const family = tripped([at("plc", 11), other], { ...harm, scope: "profile:generic-modbus-tcp" });
    family.adopt(literalPlan([at("plc", 11, { profile: "another" }), at("other", 99, { profile: "another" })]));
    assert.deepEqual(scopes(family), ["profile:generic-modbus-tcp", "device:plc", "device:other"]);
    const places = ["192.0.2.11", "192.0.2.12"];
    const pair = tripped([at("plc", 11, { places, hardware: ["half"] }), at("half", 12, { places, hardware: ["plc"] })]);
    assert.deepEqual(scopes(pair), ["device:plc"]);
    pair.adopt(literalPlan([at("half", 12)]));
    assert.deepEqual(scopes(pair), ["device:plc", "device:half"]);
  });
});

describe("a trip", () => {
  it("goes with its device to another place, and holds for what comes to the one before", () => {
    const site = tripped([at("plc", 11), other]);
    site.adopt(literalPlan([at("plc", 12), at("newcomer", 11), other]));
    assert.deepEqual(scopes(site), ["device:plc", "device:newcomer"]);
    site.gate.reset("device:newcomer", "eto-1", "looked");
    site.adopt(literalPlan([at("plc", 12), at("newcomer", 11), other]));
    assert.deepEqual(scopes(site), ["device:plc"], "the place is its own no more");
  });
  it("of an earlier version, or of a damaged note, holds for its name", () => {
    const notes = new MemoryNotebook({ pages: new Map([["tripped-at device:plc", "7"]]) });
    const site = new SimulatedSite({ plan: literalPlan([at("plc", 11), other]), trips: [harm], notes });
    site.adopt(literalPlan([at("plc", 11), other]));
    assert.deepEqual(scopes(site), ["device:plc"]);
    assert.equal(site.gate.reset("segment:nothing", "eto-1", "looked"), false);
    const nowhere = new SimulatedSite({ plan: literalPlan([{ name: "bare", address: "192.0.2.1" }]), trips: [harm] });
    assert.deepEqual(scopes(nowhere), ["device:plc"]);
    assert.equal(nowhere.gate.reset("device:plc", "eto-1", "looked"), true);
  });
});
