/** A new name in the watchlist takes no device out of its trip: not in a reload, not over a restart, not in two steps. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Trip } from "../../src/domain/outcome.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { trippedPlacesMax } from "../../src/safety/tripped-places.ts";
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
  it("is tripped also where no plan of this run had it under the name that tripped", () => {
    const site = new SimulatedSite({ plan: literalPlan([other]) });
    site.gate.tripAt({ scope: "device:plc", cause: "poison_reply", detail: "asked twice" }, "192.0.2.11");
    assert.deepEqual(scopes(site), ["device:plc"]);
    site.adopt(literalPlan([at("fresh-water", 11), other]));
    assert.deepEqual(scopes(site), ["device:plc", "device:fresh-water"]);
  });
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
    family.adopt(literalPlan([at("plc", 11), at("renamed", 99)]));
    assert.deepEqual(scopes(family), ["profile:generic-modbus-tcp"], "its own name covers them still");
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
    assert.deepEqual(scopes(site), ["device:plc", "device:newcomer"], "both are to be reset");
    for (const scope of scopes(site)) site.gate.reset(scope as Trip["scope"], "eto-1", "looked");
    site.adopt(literalPlan([at("plc", 12), at("newcomer", 11), other]));
    assert.deepEqual(scopes(site), []);
    assert.deepEqual(
      [...site.notes.pages.keys()].filter((key) => key.startsWith("tripped-at ")),
      [],
    );
  });
  it("holds where its device stood before its address was changed, for what is named there in a later reload, or after a restart", async () => {
    const moved = literalPlan([at("plc", 12), other]);
    const named = literalPlan([at("plc", 12), at("newcomer", 11), other]);
    for (const again of [(site: SimulatedSite) => site, (site: SimulatedSite) => restarted(site, moved)]) {
      const first = tripped([at("plc", 11), other]);
      first.adopt(moved);
      const site = again(first);
      site.start();
      site.adopt(named);
      assert.deepEqual(scopes(site), ["device:plc", "device:newcomer"]);
      await site.clock.advance(300_000);
      assert.ok(site.witness.packets.every(({ check }) => check.device !== "newcomer"));
      assert.ok(site.witness.packets.some(({ check }) => check.device === "other"));
    }
  });
  it("remembers its places within bounds: the oldest go first, and nothing is written that is known", () => {
    const site = tripped([at("plc", 11), other]);
    const many = Array.from({ length: trippedPlacesMax }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    site.adopt(literalPlan([at("plc", 12, { places: many.slice(1) }), other]));
    site.adopt(literalPlan([at("plc", 12, { places: [many[0]!] }), other]));
    const kept = JSON.parse(site.notes.pages.get("tripped-at device:plc")!) as readonly string[];
    assert.deepEqual([kept.length, kept[0], kept.includes("192.0.2.11")], [trippedPlacesMax, many[0], false]);
    site.notes.pages.delete("tripped-at device:plc");
    site.adopt(literalPlan([at("plc", 12, { places: many.slice(0, 5) }), other]));
    assert.equal(site.notes.pages.has("tripped-at device:plc"), false);
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
