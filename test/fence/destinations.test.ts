/** How many packets go to a place: never fewer than polling needs, whatever its rhythm, and few more. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { rawDevice, rawUnit } from "../config/compile/support/site.ts";
import { frameTemplate, openEndedTemplate } from "../../src/domain/template.ts";
import { milliseconds } from "../../src/domain/units.ts";
import type { Check, CheckId, Plan } from "../../src/domain/plan.ts";
import { destinationsOf, type Destination, type Pace } from "../../src/fence/destinations.ts";
import { smallPlan } from "./support/small-plan.ts";

/** As net/netfilter/nft_limit.c counts: tokens of time, full at first. */
function accepted({ burst, perHour }: Pace, times: readonly number[]): number {
  const cost = 3_600_000 / perHour;
  let tokens = cost * burst;
  let last = times[0] ?? 0;
  return times.filter((at) => {
    tokens = Math.min(cost * burst, tokens + at - last);
    last = at;
    if (tokens < cost - 1e-6) return false;
    tokens -= cost;
    return true;
  }).length;
}

const of = (plan: Plan): Destination => destinationsOf(plan)[0]!;
const gapOf = (plan: Plan): number => Math.min(...[...plan.lines.values()].map(({ gap }) => gap));
/** The plan with other phases for its one check. */
const changed = (plan: Plan, changes: Partial<Check>): Plan => ({
  ...plan,
  checks: new Map([...plan.checks].map(([id, check]): [CheckId, Check] => [id, { ...check, ...changes }])),
});

describe("a place", () => {
  test("is an address, a transport and a port; units of a gateway share one, and it counts by their line's rest", () => {
    const places = destinationsOf(smallPlan()).map(({ address, transport, port, segment }) => `${segment} ${address} ${transport}/${port}`);
    assert.deepEqual(places, [
      "hvac 10.20.1.11 tcp/502",
      "hvac 10.20.1.12 tcp/502",
      "hvac 10.20.1.200 tcp/502",
      "hvac 10.20.1.15 icmp/0",
      "hvac 10.20.1.15 udp/161",
      "bridge 2001:db8::16 tcp/502",
    ]);
    const [unit] = destinationsOf(smallPlan([rawUnit(3), rawUnit(4)]));
    // Two checks at 60 s: 21 s between two requests.
    assert.deepEqual(unit?.paces.data, { burst: 2, perHour: Math.ceil(3600 / 21) });
  });

  test("takes of one fresh check a minute: 1 SYN, the request and a copy, 3 ends, 8 acknowledgements", () => {
    assert.deepEqual(of(smallPlan([rawDevice(1)])).paces, {
      open: { burst: 1, perHour: 60 },
      data: { burst: 2, perHour: 60 },
      acknowledge: { burst: 8, perHour: 480 },
      end: { burst: 3, perHour: 120 },
    });
  });

  test("takes as many SYNs as the time to connect brings about", () => {
    const plan = changed(smallPlan([rawDevice(1)]), { connectWithin: milliseconds(2500) });
    assert.equal(of(plan).paces.open?.burst, 3);
  });

  test("tells frames by their bytes where they fit a packet, each once; else by nothing", () => {
    const plan = smallPlan([rawDevice(1)]);
    const [check] = plan.checks.values();
    const { asking } = check!;
    const long = openEndedTemplate("opcua-hello", Uint8Array.of(72, 69, 76), new Uint8Array(3).fill(255), 8192);
    const short = frameTemplate("modbus-report-server-id", Uint8Array.of(1), Uint8Array.of(255));
    const two = changed(plan, { opening: { ...asking, connectionsMax: 1, templates: [...asking.templates, short] } });
    assert.equal(of(two).frames?.length, 2);
    const many = of(changed(plan, { asking: { ...asking, requestsMax: 2, bytesMax: 8192, templates: [long] } }));
    assert.equal(many.frames, undefined);
    assert.ok(many.paces.data.burst >= 2 + 8192 / 1448 && many.paces.acknowledge!.burst >= 64, JSON.stringify(many));
  });
});

describe("a pace", () => {
  const plans = ["30s", "61s", "3600s"].map((interval) =>
    smallPlan([rawDevice(1, { checks: [{ method: "modbus-fc43", unitId: 1, interval }] })]),
  );

  test("lets through everything of a line that keeps its rest between two requests, in whatever rhythm", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...plans),
        fc.array(fc.record({ late: fc.integer({ min: 0, max: 20_000 }), answeredAfter: fc.integer({ min: 0, max: 5000 }) }), {
          maxLength: 40,
        }),
        (plan, rhythm) => {
          const { paces } = of(plan);
          let at = 0;
          const exchanges = rhythm.map(({ late, answeredAfter }) => {
            at += gapOf(plan) + late;
            return { open: at - 1, asked: at, ended: at + answeredAfter };
          });
          assert.equal(
            accepted(
              paces.open!,
              exchanges.map(({ open }) => open),
            ),
            exchanges.length,
          );
          assert.equal(
            accepted(
              paces.data,
              exchanges.map(({ asked }) => asked),
            ),
            exchanges.length,
          );
          assert.equal(
            accepted(
              paces.end!,
              exchanges.map(({ ended }) => ended),
            ),
            exchanges.length,
          );
          const acknowledged = exchanges.flatMap(({ asked, ended }) => [asked, ended, ended]);
          assert.equal(accepted(paces.acknowledge!, acknowledged), acknowledged.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("holds what a kernel repeats for somebody who is gone to one copy a gap", () => {
    const { data } = of(smallPlan([rawDevice(1)])).paces;
    const copies = [0, 200, 400, 850, 1700, 3300, 6900, 13_000, 27_000, 54_000];
    assert.equal(accepted(data, copies), 2);
  });
});
