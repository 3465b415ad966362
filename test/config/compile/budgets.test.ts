/** Shared budgets: 70 % of each, in the order of the watchlist, with the interval that would fit; and a tenth of a serial bus. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { busInterval, busShareOfAllDead, busUses, deadUnitTakes, line, lineGap } from "../../../src/config/compile/lines.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import type { GatewayEntry } from "../../../src/config/schema/gateway.ts";
import type { LineId, SegmentId } from "../../../src/domain/plan.ts";
import { seconds } from "../../../src/domain/units.ts";
import { approved, compiledFrom, gateway, rawDevice, rawSite, rawUnit, refusals, type Raw } from "./support/site.ts";

const segment = (changes: Raw = {}): Raw => ({ id: "hvac", zone: "OT-1", subnet: "10.20.1.0/24", localAddress: "10.20.1.5", ...changes });
const devices = (count: number, changes: Raw = {}): Raw[] => Array.from({ length: count }, (_, index) => rawDevice(index + 1, changes));
const every = (interval: string): Raw => ({ checks: [{ method: "modbus-fc43", unitId: 1, interval }] });

describe("a segment of 2 starts per second", () => {
  test("carries 84 devices at 60 s", () => assert.deepEqual(refusals(compiledFrom(approved(rawSite(devices(84))))), []));

  test("refuses what comes after, and says that 100 fit at 72 s", () => {
    const { plan } = compiledFrom(approved(rawSite(devices(100))));
    assert.equal(plan.checks.size, 84);
    const refused = [...plan.refused.values()];
    assert.equal(refused.length, 16);
    assert.equal(refused[0]?.device, "plc-85");
    assert.match(refused[0].detail, /segment hvac carries 70 % of 2 starts per second: all 100 checks fit at an interval of 1 min 12 s;/);
  });

  test("carries all of them at that interval", () => {
    assert.deepEqual(refusals(compiledFrom(approved(rawSite(devices(100, every("72s")))))), []);
    assert.equal(refusals(compiledFrom(approved(rawSite(devices(100, every("71s")))))).length, 1);
  });

  test("gives no share to what is not asked for another reason", () => {
    const stopped = devices(30, { function: "safety" });
    const running = Array.from({ length: 84 }, (_, index) => rawDevice(index + 31));
    const found = refusals(compiledFrom(approved(rawSite([...stopped, ...running]))));
    assert.equal(found.filter((line_) => line_.endsWith("budget_too_small")).length, 0);
  });

  test("serves what runs before what waits for an approval, wherever that stands in the watchlist", () => {
    const site = approved(rawSite([...devices(30), ...Array.from({ length: 84 }, (_, index) => rawDevice(index + 31))]));
    const admitted = (site.siteProfiles["test-plc"]!["approval"] as Raw)["devices"] as Raw;
    for (let index = 1; index <= 30; index++) delete admitted[`plc-${index}`];
    const { plan, findings } = compiledFrom(site);
    assert.equal(plan.checks.size, 84);
    const reasons = [...plan.refused.keys()].map((check) =>
      findings
        .get(check)!
        .map(({ reason }) => reason)
        .join(" "),
    );
    assert.deepEqual(new Set(reasons), new Set(["not_admitted budget_too_small"]));
  });
});

describe("the site's 10 starts per second", () => {
  test("bind across segments", () => {
    const segments = Array.from({ length: 6 }, (_, index) =>
      segment({ id: `s${index}`, subnet: `10.20.${index + 1}.0/24`, localAddress: `10.20.${index + 1}.5` }),
    );
    const all = segments.flatMap(({ id }, net) =>
      Array.from({ length: 84 }, (_, index) =>
        rawDevice(1, { id: `d-${net}-${index}`, segment: id!, address: `10.20.${net + 1}.${index + 10}` }),
      ),
    );
    const { plan } = compiledFrom(approved(rawSite(all, {}, { segments, gateways: [] })));
    assert.equal(plan.checks.size, 420);
    assert.match(
      [...plan.refused.values()][0]?.detail ?? "",
      /the site carries 70 % of 10 starts per second: all 504 checks fit at an interval of 1 min 12 s; .*siteBudget\.startsPerSecondMax/,
    );
  });
});

describe("a raise of a budget", () => {
  const named = { approvedBy: "chief engineer", reason: "measured" };

  test("counts with a name and a reason", () => {
    const { plan, problems } = compiledFrom(
      rawSite([], {}, { segments: [segment({ startsPerSecondMax: 20, ...named })], siteBudget: { startsPerSecondMax: 50, ...named } }),
    );
    assert.deepEqual(problems, []);
    assert.equal(plan.segments.get("hvac" as SegmentId)?.startsPerSecondMax, 20);
    assert.equal(plan.siteStartsPerSecondMax, 50);
  });

  for (const missing of ["approvedBy", "reason"]) {
    test(`is a problem without ${missing}, and the default holds`, () => {
      const half = Object.fromEntries(Object.entries(named).filter(([key]) => key !== missing));
      const { plan, problems } = compiledFrom(
        rawSite([], {}, { segments: [segment({ startsPerSecondMax: 3, ...half })], siteBudget: { startsPerSecondMax: 11, ...half } }),
      );
      assert.deepEqual(
        problems.map((problem) => formatProblem(problem).replace(/:\d+:/u, ":")),
        [
          "watchlist.yaml: segments[0].startsPerSecondMax: found 3, expected at most 2, or approvedBy and reason beside it",
          "watchlist.yaml: siteBudget.startsPerSecondMax: found 11, expected at most 10, or approvedBy and reason beside it",
        ],
      );
      assert.equal(plan.segments.get("hvac" as SegmentId)?.startsPerSecondMax, 2);
      assert.equal(plan.siteStartsPerSecondMax, 10);
    });
  }

  test("is not needed to lower one", () => {
    const { plan, problems } = compiledFrom(rawSite([], {}, { siteBudget: { startsPerSecondMax: 1 } }));
    assert.deepEqual([problems.length, plan.siteStartsPerSecondMax], [0, 1]);
  });
});

describe("a serial bus", () => {
  const fourSeconds = { responseTimeout: seconds(1), retries: 3 };
  const unit = (number: number, interval: string): Raw =>
    rawUnit(number, { checks: [{ method: "modbus-fc43", unitId: number, interval }] });

  test("is taken for 4 s by a dead unit at 1 s and 3 retries, which wants 40 s between two askings", () => {
    assert.equal(deadUnitTakes(fourSeconds), seconds(4));
    assert.equal(busInterval(fourSeconds), seconds(40));
  });

  test("is not asked more often than that", () => {
    assert.deepEqual(refusals(compiledFrom(approved(rawSite([unit(1, "40s")])))), []);
    const [refused] = compiledFrom(approved(rawSite([unit(1, "39s")]))).plan.refused.values();
    assert.equal(refused?.reason, "budget_too_small");
    assert.match(
      refused.detail,
      /a dead unit of gateway fw-serial takes 4 s of its bus .* more than 10 % at an interval of 39 s: 40 s fits/,
    );
  });

  test("counts all the checks of a unit: dead, it leaves each of them unanswered", () => {
    const twice = (interval: string): Raw =>
      rawUnit(1, {
        checks: [
          { method: "modbus-fc43", unitId: 1, interval },
          { method: "modbus-fc3", unitId: 1, register: "alive", interval },
        ],
      });
    assert.deepEqual(refusals(compiledFrom(approved(rawSite([twice("80s")])))), []);
    const [refused] = compiledFrom(approved(rawSite([twice("79s")]))).plan.refused.values();
    assert.equal(refused?.check, "unit-1/modbus-fc3");
    assert.match(refused.detail, /unit-1 has 2 checks: more than 10 % together; an interval of 1 min 20 s for each of them fits/);
  });

  test("says what dead units would take of it", () => {
    const { plan } = compiledFrom(approved(rawSite([unit(1, "60s"), unit(2, "120s"), rawDevice(3)])));
    const uses = busUses(plan);
    assert.deepEqual([...uses.keys()], ["gateway:fw-serial"]);
    const use = uses.get("gateway:fw-serial" as LineId)!;
    assert.equal(use.deadUnitTakes, 4000);
    assert.equal(use.shareOfOneDead, 4 / 60);
    assert.equal(use.shareOfAllDead, 8 / 900);
  });

  test("carries no more units than fit when all are dead and asked as rarely as back-off goes", () => {
    assert.equal(
      busShareOfAllDead(
        deadUnitTakes(fourSeconds),
        Array.from({ length: 9 }, () => seconds(60)),
      ),
      0.04,
    );
    const units = Array.from({ length: 23 }, (_, index) => unit(index + 1, "60s"));
    const { plan } = compiledFrom(approved(rawSite(units, {}, { gateways: [{ ...gateway, unitCount: 30 }] })));
    assert.equal(plan.checks.size, 22);
    assert.match([...plan.refused.values()][0]?.detail ?? "", /with all 23 units dead more than 10 % even at their longest back-off/);
  });

  test("is the gateway's too where only the gateway itself is asked, which may hand the request on: rest, and a tenth of its time", () => {
    const itself = (interval: string): Raw =>
      rawDevice(1, { address: "10.20.1.200", checks: [{ method: "modbus-fc43", unitId: 255, interval }] });
    const { plan } = compiledFrom(approved(rawSite([itself("40s")])));
    assert.deepEqual([...plan.lines.keys()], ["gateway:fw-serial"]);
    assert.equal(plan.lines.get("gateway:fw-serial" as LineId)?.holdAfterTimeout, 4500);
    assert.equal(busUses(plan).get("gateway:fw-serial" as LineId)?.shareOfOneDead, 0.1);
    assert.deepEqual(refusals(compiledFrom(approved(rawSite([itself("39s")])))), ["plc-1/modbus-fc43 budget_too_small"]);
  });

  test("rests after an unanswered request as long as the gateway may still be sending it, and half a second more", () => {
    const bus = { ...gateway, ...fourSeconds } as unknown as GatewayEntry;
    assert.equal(line("gateway:fw-serial" as LineId, "hvac" as SegmentId, bus, [seconds(60)]).holdAfterTimeout, 4500);
    assert.equal(line("address:10.20.1.11" as LineId, "hvac" as SegmentId, undefined, [seconds(60)]).holdAfterTimeout, 0);
  });
});

describe("the rest of a line between two requests", () => {
  test("is the interval of its one check", () => assert.equal(lineGap([seconds(60)]), seconds(60)));

  test("is 0.7 of an even share for several", () => {
    assert.equal(Math.round(lineGap([seconds(60), seconds(60)])), 21_000);
    assert.equal(Math.round(lineGap([seconds(60), seconds(60), seconds(60), seconds(60)])), 10_500);
  });

  test("never outlasts the half interval that a start may wait", () => {
    assert.equal(lineGap([seconds(60), seconds(3600)]), 27_000);
  });
});
