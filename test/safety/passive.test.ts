/** A voice or a link report stretches the interval, and never silences the watch. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { milliseconds, monotonicMs as at } from "../../src/domain/units.ts";
import { heardWithholdsAtMost, isItsVoice, linkDownWithholds, linkSays, linkWithholdsAtMost } from "../../src/safety/passive.ts";
import { plc, plcCheck } from "../support/ready-site.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const minute = 60_000;

describe("a device's own voice", () => {
  const voice = { macs: ["00:80:f4:01:02:03"], ports: ["sw-1/5"] };
  const heard = { mac: "00:80:f4:01:02:03", port: "sw-1/5", broadcast: false };
  const own = new Set(["02:00:00:00:00:01"]);
  it("has its own MAC address and comes in by its own port", () => {
    assert.equal(isItsVoice(heard, voice, own), true);
    assert.equal(isItsVoice({ ...heard, mac: "00:80:f4:01:02:04" }, voice, own), false);
    assert.equal(isItsVoice({ ...heard, port: "sw-1/6" }, voice, own), false);
    assert.equal(isItsVoice(heard, { ...voice, macs: [] }, own), false);
  });
  it("is heard without a port where the source or the watchlist names none", () => {
    assert.equal(isItsVoice({ ...heard, port: undefined }, voice, own), true);
    assert.equal(isItsVoice({ ...heard, port: "sw-1/6" }, { ...voice, ports: [] }, own), true);
  });
  it("is no broadcast, and never the poller's own", () => {
    assert.equal(isItsVoice({ ...heard, broadcast: true }, voice, own), false);
    assert.equal(isItsVoice(heard, voice, new Set([heard.mac])), false);
  });
});

describe("what it withholds", () => {
  it("is ten intervals and an hour at most, and never less than the interval", () => {
    assert.equal(heardWithholdsAtMost(at(0), milliseconds(minute)), 10 * minute);
    assert.equal(heardWithholdsAtMost(at(0), milliseconds(10 * minute)), 60 * minute);
    assert.equal(heardWithholdsAtMost(at(0), milliseconds(60 * minute)), 60 * minute);
  });
  it("of a link is 15 min where the report is authenticated, else a single interval", () => {
    assert.equal(linkDownWithholds(at(0), true, milliseconds(minute)), 15 * minute);
    assert.equal(linkDownWithholds(at(0), false, milliseconds(minute)), minute);
    assert.equal(linkWithholdsAtMost(at(0), milliseconds(minute)), 16 * minute);
  });
});

describe("a link report", () => {
  it("says what its name says, whatever ifOperStatus it carries; a port that was switched off is no fault", () => {
    assert.equal(linkSays("linkDown", "up"), "down");
    assert.equal(linkSays("linkDown", "testing"), "down");
    assert.equal(linkSays("linkDown", "down"), "switched off");
    assert.equal(linkSays("linkUp", "up"), "up");
  });
});

describe("a source that never stops talking", () => {
  const asked = async (feed: (site: SimulatedSite) => void): Promise<readonly number[]> => {
    const site = new SimulatedSite({ plan: literalPlan([plc]), pulseEveryMs: 10_000 });
    site.start();
    for (let minutes = 0; minutes < 120; minutes++) {
      feed(site);
      await site.clock.advance(minute);
    }
    const times = site.frameTimes(plc.name);
    await site.shutDown();
    return times.slice(1).map((time, index) => (time - times[index]!) / minute);
  };
  const always = at(Number.MAX_SAFE_INTEGER);
  const id = plcCheck.slice(0, 3) as never;

  it("lets the device be asked every tenth interval all the same", async () => {
    const gaps = await asked((site) => site.heard.set(id, always));
    assert.ok(gaps.length >= 10 && gaps.every((gap) => gap >= 9.9 && gap <= 11.1), gaps.join(" "));
  });
  it("about a link lets the device be asked after a quarter of an hour all the same", async () => {
    const gaps = await asked((site) => site.linkDown.set(id, always));
    assert.ok(gaps.length >= 6 && gaps.every((gap) => gap >= 15.9 && gap <= 17.1), gaps.join(" "));
  });
});
