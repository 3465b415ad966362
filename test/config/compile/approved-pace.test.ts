/** An approval binds the pace that a person looked at, not the one that the profile would allow. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProfileId } from "../../../src/domain/plan.ts";
import { changed, firstDevice } from "./support/changes.ts";
import { approved, compiledFrom, rawDevice, rawProfile, rawSite, refusals, type Raw, type RawSite } from "./support/site.ts";

const profileId = "test-plc" as ProfileId;
const every = (interval: string): Raw => ({ checks: [{ method: "modbus-fc43", unitId: 1, interval }] });
const atOneMinute = (): RawSite => approved(rawSite([rawDevice(1, every("60s"))]));
const pace = (interval: string) => (site: RawSite) => void Object.assign(firstDevice(site), every(interval));

describe("a device approved at 60 s", () => {
  test("is not asked once the watchlist says 30 s, and the refusal says both figures", () => {
    const copy = atOneMinute();
    pace("30s")(copy);
    const compiled = compiledFrom(copy);
    assert.deepEqual(refusals(compiled), ["plc-1/modbus-fc43 approval_stale"]);
    const [refusal] = compiled.plan.refused.values();
    assert.match(
      refusal?.detail ?? "",
      /modbus-fc43 is asked every 30 s, and this device was approved for not faster than every 1 min: lengthen the interval, or look at the change/,
    );
  });

  test("is asked when the watchlist says 2 min", () => {
    assert.deepEqual(changed(atOneMinute(), pace("2m")), []);
  });

  test("is asked when the watchlist says the same in other words", () => {
    assert.deepEqual(changed(atOneMinute(), pace("1m")), []);
  });

  test("is not asked at 30 s because it had no interval of its own, which is 60 s", () => {
    const silent = approved(rawSite([rawDevice(1)]));
    assert.deepEqual(changed(silent, pace("30s")), ["plc-1/modbus-fc43 approval_stale"]);
  });

  test("goes on beside a new device at 30 s, which waits for its own approval", () => {
    const found = changed(atOneMinute(), ({ watchlist }) => void (watchlist["devices"] as Raw[]).push(rawDevice(2, every("30s"))));
    assert.deepEqual(found, ["plc-2/modbus-fc43 not_admitted"]);
  });
});

describe("two devices of a family, approved at 30 s and at 60 s,", () => {
  const both = (): RawSite => approved(rawSite([rawDevice(1, every("30s")), rawDevice(2, every("60s"))]));
  const second = ({ watchlist }: RawSite): Raw => (watchlist["devices"] as Raw[])[1]!;

  test("keep a pace of their own: the slower is not asked as often as the faster", () => {
    const found = changed(both(), (site) => void Object.assign(second(site), every("30s")));
    assert.deepEqual(found, ["plc-2/modbus-fc43 approval_stale"]);
  });

  test("may both be asked less often", () => {
    const slower = (site: RawSite): void => {
      pace("45s")(site);
      Object.assign(second(site), every("5m"));
    };
    assert.deepEqual(changed(both(), slower), []);
  });

  test("are no longer admitted where the figures beside the digest were edited or taken out", () => {
    const paces = ({ siteProfiles }: RawSite): Raw => (siteProfiles["test-plc"]!["approval"] as Raw)["paces"] as Raw;
    const edited = changed(both(), (site) => {
      Object.assign(second(site), every("30s"));
      paces(site)["plc-2"] = { "modbus-fc43 unit 1": "30s" };
    });
    assert.deepEqual(edited, ["plc-2/modbus-fc43 not_admitted"]);
    const removed = changed(both(), (site) => {
      Object.assign(second(site), every("30s"));
      delete paces(site)["plc-2"];
    });
    assert.deepEqual(removed, ["plc-2/modbus-fc43 not_admitted"]);
  });

  test("have a pace for each check: the slow reading of a device is not asked as often as its fast one", () => {
    const checks = (interval: string): Raw => ({
      checks: [
        { method: "modbus-fc43", unitId: 1, interval: "60s" },
        { method: "modbus-fc43", unitId: 2, interval },
      ],
    });
    const raw = approved(rawSite([rawDevice(1, checks("120s"))]));
    assert.deepEqual(
      changed(raw, (site) => void Object.assign(firstDevice(site), checks("60s"))),
      ["plc-1/modbus-fc43#2 approval_stale"],
    );
  });
});

describe("the pace in an envelope", () => {
  const paceOf = (site: RawSite): unknown => compiledFrom(site).envelopes.get(profileId)?.methods["modbus-fc43"]?.intervalMinMs;

  test("is the shortest of the family's checks, raised to the floor", () => {
    assert.equal(paceOf(rawSite([rawDevice(1, every("60s")), rawDevice(2, every("45s"))])), 45_000);
    assert.equal(paceOf(rawSite([rawDevice(1, every("10s"))])), 30_000);
  });

  test("is the profile's shortest where no device is asked by the method", () => {
    const profiles = { "test-plc": rawProfile({ methods: { "modbus-fc43": { ...fc43(), intervalMin: "90s" } } }) };
    assert.equal(paceOf(rawSite([], { profiles })), 90_000);
    assert.equal(paceOf(rawSite([])), 30_000);
  });

  test("is in covers: another shortest pace is another digest", () => {
    const covers = (interval: string): unknown => compiledFrom(rawSite([rawDevice(1, every(interval))])).covers.get(profileId);
    assert.notEqual(covers("60s"), covers("45s"));
    assert.equal(covers("60s"), covers("1m"));
  });

  const fc43 = (): Raw => (rawProfile()["methods"] as Raw)["modbus-fc43"] as Raw;
});
