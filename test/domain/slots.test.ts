/** Slots are evenly spaced, the same after every restart, and no two devices of a segment share one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { CheckId, LineId, SegmentId } from "../../src/domain/plan.ts";
import { slotPeriod, type SlotDemand, slots, unitHash } from "../../src/domain/slots.ts";
import { milliseconds } from "../../src/domain/units.ts";

function demand(device: string, segment = "hvac", intervalMs = 60_000, line = device): SlotDemand {
  return {
    check: `${device}/modbus-fc43` as CheckId,
    line: `address:${line}` as LineId,
    segment: segment as SegmentId,
    interval: milliseconds(intervalMs),
  };
}

const devices = (count: number, segment = "hvac", intervalMs = 60_000): SlotDemand[] =>
  Array.from({ length: count }, (_, index) => demand(`${segment}-${index}`, segment, intervalMs));

/** Gaps around the circle, from each slot to the next and from the last to the first. */
function gaps(places: Iterable<number>, circle: number): number[] {
  const sorted = [...places].toSorted((a, b) => a - b);
  return sorted.map((place, index) => (sorted[index + 1] ?? sorted[0]! + circle) - place);
}

const anySite = fc
  .uniqueArray(
    fc.record({
      device: fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/),
      segment: fc.constantFrom("hvac", "engine", "bridge"),
      intervalMs: fc.constantFrom(30_000, 60_000, 120_000),
      line: fc.option(fc.constantFrom("gateway-a", "gateway-b"), { nil: undefined }),
    }),
    { selector: ({ device }) => device, minLength: 1, maxLength: 60 },
  )
  .map((all) =>
    all.map(({ device, segment, intervalMs, line }) =>
      demand(device, segment, intervalMs, line === undefined ? device : `${line}-${segment}`),
    ),
  );

describe("slots", () => {
  test("of 30 devices at 60 s lie 2 s apart", () => {
    const found = slots(devices(30));
    assert.equal(found.size, 30);
    assert.ok(gaps(found.values(), 60_000).every((gap) => Math.abs(gap - 2000) < 1e-6));
  });

  test("of a second segment lie in the middle of the first one's gaps", () => {
    const found = slots([...devices(30, "hvac"), ...devices(30, "engine")]);
    assert.ok(gaps(found.values(), 60_000).every((gap) => Math.abs(gap - 1000) < 1e-6));
  });

  test("of nothing are none, and a lone device has the first", () => {
    assert.equal(slots([]).size, 0);
    assert.deepEqual([...slots([demand("a")]).values()], [0]);
  });

  test("of the units behind one gateway lie an even share apart among the other devices", () => {
    const units = Array.from({ length: 4 }, (_, unit) => demand(`tank-${unit}`, "hvac", 60_000, "gateway"));
    const found = slots([...devices(40), ...units]);
    for (const gap of gaps(
      units.map(({ check }) => found.get(check)!),
      60_000,
    ))
      assert.ok(Math.abs(gap - 15_000) < 1e-6, `${gap}`);
  });

  test("of one gateway's units lie more than half an even share apart, however many others there are", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(60), fc.stringMatching(/^[a-z]{1,8}$/), (unitCount, others, gateway) => {
        const units = Array.from({ length: unitCount }, (_, unit) => demand(`unit-${unit}`, "hvac", 60_000, gateway));
        const found = slots([...units, ...devices(others)]);
        const smallest = Math.min(
          ...gaps(
            units.map(({ check }) => found.get(check)!),
            60_000,
          ),
        );
        assert.ok(smallest > 30_000 / unitCount, `${smallest} ms`);
      }),
    );
  });

  test("of several full buses in one segment leave every bus its even share", () => {
    const buses = ["a", "b", "c", "d"].flatMap((bus) =>
      Array.from({ length: 5 }, (_, unit) => demand(`${bus}-${unit}`, "hvac", 60_000, `gateway-${bus}`)),
    );
    const found = slots(buses);
    for (const units of Map.groupBy(buses, ({ line }) => line).values()) {
      for (const gap of gaps(
        units.map(({ check }) => found.get(check)!),
        60_000,
      ))
        assert.ok(Math.abs(gap - 12_000) < 1e-6, `${gap}`);
    }
  });

  test("of two checks whose names hash alike do not depend on their order", () => {
    const alike = [demand("1i128xy-10"), demand("1d3jmux-85")].map((one) => ({ ...one, check: one.check.split("/")[0] as CheckId }));
    assert.equal(unitHash(alike[0]!.check), unitHash(alike[1]!.check));
    assert.deepEqual(slots(alike), slots(alike.toReversed()));
  });

  test("exist for every demand and lie within its interval", () => {
    fc.assert(
      fc.property(anySite, (site) => {
        const found = slots(site);
        assert.equal(found.size, site.length);
        for (const { check, interval } of site) {
          const slot = found.get(check);
          assert.ok(slot !== undefined && slot >= 0 && slot < interval, check);
        }
      }),
    );
  });

  test("of one segment and interval are evenly spaced and all distinct", () => {
    fc.assert(
      fc.property(anySite, (site) => {
        const found = slots(site);
        for (const members of Map.groupBy(site, ({ segment, interval }) => `${segment} ${interval}`).values()) {
          const circle = members[0]!.interval;
          const even = circle / members.length;
          for (const gap of gaps(
            members.map(({ check }) => found.get(check)!),
            circle,
          ))
            assert.ok(Math.abs(gap - even) < 1e-6, `${gap}`);
        }
      }),
    );
  });

  test("are the same whatever the order of the files", () => {
    fc.assert(
      fc.property(
        anySite.chain((site) => fc.tuple(fc.constant(site), fc.shuffledSubarray(site, { minLength: site.length }))),
        ([site, shuffled]) => assert.deepEqual(slots(shuffled), slots(site)),
      ),
    );
  });
});

test("the period of a slot is the interval and a fiftieth of it, at most 100 ms", () => {
  assert.equal(slotPeriod(milliseconds(60_000)), 60_100);
  assert.equal(slotPeriod(milliseconds(1000)), 1020);
});

describe("the hash of a name", () => {
  test("is a fraction of one, the same for ever", () => {
    fc.assert(fc.property(fc.string(), (text) => unitHash(text) >= 0 && unitHash(text) < 1 && unitHash(text) === unitHash(`${text}`)));
  });

  test("has these values: a release that changed them would move every slot of every site", () => {
    const found = ["", "a", "address:192.0.2.11"].map((text) => unitHash(text) * 2 ** 32);
    assert.deepEqual(found, [431_477_908, 2_238_983_178, 343_005_516]);
  });

  test("spreads names that differ in one digit over the whole circle", () => {
    const tenths = new Set(Array.from({ length: 200 }, (_, index) => Math.floor(unitHash(`address:10.20.1.${index}`) * 10)));
    assert.equal(tenths.size, 10);
  });
});
