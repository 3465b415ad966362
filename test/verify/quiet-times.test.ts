/** Stops and pauses as a state folder keeps them, and what leaves in one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Quiet } from "../../src/verify/judgement.ts";
import { judge } from "../../src/verify/judge.ts";
import { stopsIn } from "../../src/verify/kept-stops.ts";
import { pausesIn, WindowsUnreadable } from "../../src/verify/kept-windows.ts";
import { device, exchange, frames, instant, tcp, type Bytes } from "./support/captured.ts";
import { judgementText } from "../../src/verify/report.ts";
import { approved, check, fc43Frame, once } from "./support/plans.ts";

const at = (ms: number): number => Number(instant(ms) / 1_000_000n);
const iso = (ms: number): string => new Date(at(ms)).toISOString();

function pause(more: object = {}): object {
  return {
    id: "w1",
    kind: "pause",
    scope: "device:plc",
    devices: ["plc"],
    places: [device],
    from: at(10_000),
    until: at(20_000),
    offsetMinutes: 60,
    by: "eto-1",
    reason: "firmware",
    ...more,
  };
}
const file = (windows: readonly object[], past: readonly object[] = []): object => ({ schema: "windows/v1", next: 9, windows, past });

function blamed(quiet: readonly Quiet[], sent: readonly (readonly Bytes[])[], checks: readonly object[] = []): readonly string[] {
  const { violations } = judge({ frames: frames(...sent), approved: approved(...checks), quiet });
  return violations.flatMap(({ kind, detail }) => (kind === "not-quiet" ? [detail] : []));
}

describe("a pause in the file of windows", () => {
  test("that stands, or is over, keeps its device quiet from its beginning to its end, and is named with its window", () => {
    for (const kept of [file([pause()]), file([], [pause()])]) {
      const quiet = pausesIn(kept);
      assert.deepEqual(blamed(quiet, [exchange(9_000, fc43Frame), exchange(20_000, fc43Frame, { sourcePort: 40_001 })]), []);
      const [first, ...others] = blamed(quiet, [exchange(12_000, fc43Frame)]);
      assert.equal(
        first,
        `2000.000 ms after the beginning of: pause w1 of device:plc from ${iso(10_000)} until ${iso(20_000)}, by eto-1: firmware`,
      );
      assert.equal(others.length, 5, "every packet of ours");
      assert.deepEqual(blamed(quiet, [exchange(12_000, fc43Frame, { to: "192.0.2.12" })]), []);
    }
  });

  test("that names no device keeps its places quiet alone", () => {
    const places = pausesIn(file([pause({ devices: undefined })]));
    assert.equal(blamed(places, [exchange(12_000, fc43Frame)]).length, 6);
    assert.deepEqual(blamed(places, [exchange(12_000, fc43Frame, { to: "192.0.2.12" })]), []);
  });

  test("of the site keeps everybody quiet; a mute and a deep query nobody", () => {
    const site = pausesIn(file([pause({ scope: "site", devices: undefined, places: undefined })]));
    assert.equal(blamed(site, [exchange(12_000, fc43Frame, { to: "192.0.2.12" })]).length, 6);
    assert.deepEqual(blamed(site, [exchange(9000, fc43Frame), exchange(20_001, fc43Frame, { sourcePort: 40_001 })]), []);
    assert.deepEqual(pausesIn(file([pause({ kind: "mute" }), pause({ kind: "deep-query" })])), []);
  });

  test("whom a reload has brought under it later, it keeps quiet from then on, once the connection is given back", () => {
    const quiet = pausesIn(file([pause({ places: [device, "192.0.2.12"], since: { "192.0.2.12": at(13_000) } })]));
    const asked = (ms: number, to: string): readonly (readonly Bytes[])[] => [exchange(ms, fc43Frame, { to })];
    assert.equal(blamed(quiet, asked(12_000, device)).length, 6);
    for (const [ms, count] of [
      [12_000, 0],
      [17_000, 0],
      [19_000, 6],
    ] as const)
      assert.equal(blamed(quiet, asked(ms, "192.0.2.12")).length, count, String(ms));
  });

  test("of a unit behind a gateway keeps its questions back, and nothing of the other units; of all of them the gateway's address", () => {
    const unit = (id: string, number: string): object => {
      const frame = {
        operation: "modbus-read-device-identification",
        hex: `000000000005${number}2b0e0100`,
        mask: "0000ffffffffffffffffff",
      };
      return { ...check({ asking: once(frame) }), id: `${id}/modbus-fc43`, device: id };
    };
    const units = [unit("tank-1", "01"), unit("tank-2", "02")];
    const asks = (number: string): string => `000100000005${number}2b0e0100`;
    const one = pausesIn(file([pause({ scope: "device:tank-1", devices: ["tank-1"], places: [`${device} unit 1`] })]));
    assert.deepEqual(blamed(one, [exchange(12_000, asks("02"))], units), []);
    assert.deepEqual(blamed(one, [exchange(12_000, asks("03"))], units), [], "what nobody asks is blamed for that alone");
    assert.match(
      blamed(one, [exchange(12_000, asks("01"))], units).join(),
      /^2000\.500 ms after the beginning of: pause w1 of device:tank-1/u,
    );
    assert.equal(blamed(one, [exchange(12_000, asks("01"))], units.slice(0, 1)).length, 6, "the only unit there is");
    const same = [units[0]!, { ...units[0]!, id: "tank-9/modbus-fc43", device: "tank-9" }];
    assert.deepEqual(blamed(one, [exchange(12_000, asks("01"))], same), [], "nobody knows which of the two was asked");
    const both = pausesIn(
      file([pause({ scope: "segment:hvac", devices: ["tank-1", "tank-2"], places: [`${device} unit 1`, `${device} unit 2`] })]),
    );
    assert.equal(blamed(both, [exchange(12_000, asks("02"))], units).length, 6);
  });

  test("of which nobody knows any more whom it covered accuses nobody, and is named as one that cannot be judged where the capture has to do with it", () => {
    const dropped = pause({ scope: "segment:hvac", devices: undefined, places: undefined, namesDropped: true });
    const judged = (ms: number, quiet = pausesIn(file([], [dropped]))) =>
      judge({ frames: frames(exchange(ms, fc43Frame)), approved: approved(), quiet });
    const { quiet, unjudged, violations } = judged(12_000);
    assert.deepEqual([quiet, violations], [[], []]);
    const words = `pause w1 of segment:hvac from ${iso(10_000)} until ${iso(20_000)}, by eto-1: firmware`;
    assert.deepEqual(unjudged, [words]);
    assert.match(judgementText(judged(12_000)).join("\n"), /^Cannot be judged: whom .*\n {2}pause w1 of segment:hvac/mu);
    assert.match(judgementText(judged(12_000)).at(-1) ?? "", /, but what left in the pauses that cannot be judged is not proved\.$/u);
    assert.deepEqual(judged(25_000).unjudged, []);
    assert.deepEqual(judged(5000).unjudged, []);
    assert.equal(judgementText(judged(25_000)).at(-1), "Nothing left the poller that the plan does not allow.");
    // A pause of the site covers everybody, with names or without.
    assert.equal(blamed(pausesIn(file([], [pause({ scope: "site", namesDropped: true })])), [exchange(12_000, fc43Frame)]).length, 6);
  });

  test("is told of where a capture has to do with it, its first and its last moment included", () => {
    const dropped = { devices: undefined, places: undefined, namesDropped: true, scope: "segment:hvac", id: "w2" };
    const quiet = pausesIn(file([pause(), pause(dropped)]));
    const told = (fromMs: number, toMs: number): readonly number[] => {
      const captured = frames([fromMs, toMs].map((atMs) => tcp({ atMs, to: "192.0.2.99", from: "192.0.2.98" })));
      const judgement = judge({ frames: captured, approved: approved(), quiet });
      assert.ok(
        judgement.quiet.every((why) => why.startsWith("pause w1")) && judgement.unjudged.every((why) => why.startsWith("pause w2")),
      );
      return [judgement.quiet.length, judgement.unjudged.length];
    };
    for (const [fromMs, toMs, count] of [
      [0, 9999, 0],
      [0, 10_000, 1],
      [12_000, 13_000, 1],
      [0, 30_000, 1],
      [20_000, 30_000, 1],
      [20_001, 30_000, 0],
    ] as const)
      assert.deepEqual(told(fromMs, toMs), [count, count], `${fromMs} to ${toMs}`);
  });

  test("that cannot be read is named, with what is expected", () => {
    for (const [json, message] of [
      [null, /schema undefined: expected "windows\/v1"/u],
      [{ schema: "windows/v2" }, /schema "windows\/v2"/u],
      [{ schema: "windows/v1", windows: {} }, /expected lists/u],
      [{ schema: "windows/v1", windows: [], past: {} }, /expected lists/u],
      [file([pause({ until: 9e15 })]), /^window 1\.until/u],
      [file([pause({ places: [device, 7] })]), /^window 1\.places/u],
      [file([pause({ from: "2026" })]), /^window 1\.from: expected milliseconds since 1970$/u],
      [file([pause({ until: -1 })]), /^window 1\.until/u],
      [file([], [pause({ devices: "plc" })]), /^window 1\.devices: expected a list of texts$/u],
      [file([pause({ places: [7] })]), /^window 1\.places/u],
      [file([pause({ since: { plc: "x" } })]), /^window 1\.since/u],
    ] as const)
      assert.throws(
        () => pausesIn(json),
        (error) => error instanceof WindowsUnreadable && message.test(error.message),
      );
  });
});

describe("a stop in the audit", () => {
  const happened = (ms: number, type: string, source = "eto-1") => ({ type, timestamp: iso(ms), source });
  const spansOf = (stops: readonly Quiet[]): readonly (readonly [number, number | undefined])[] =>
    stops.map(({ fromNs, toNs }) => [
      Number((fromNs - instant(0)) / 1_000_000n),
      toNs > instant(1e9) ? undefined : Number((toNs - instant(0)) / 1_000_000n),
    ]);
  const spans = (...records: readonly ReturnType<typeof happened>[]): ReturnType<typeof spansOf> => spansOf(stopsIn(records));

  test("lasts until it is resumed, or the poller ends or begins anew; one that nobody has resumed lasts on", () => {
    assert.deepEqual(spans(happened(1000, "started"), happened(5000, "stopped"), happened(9000, "resumed")), [[5000, 9000]]);
    assert.deepEqual(spans(happened(5000, "stopped"), happened(7000, "ended")), [[5000, 7000]]);
    // Killed, its file taken away by hand while nothing ran, and begun anew: nobody knows when.
    assert.deepEqual(spans(happened(5000, "stopped"), happened(7000, "started"), happened(9000, "ended")), [[5000, 7000]]);
    assert.deepEqual(spans(happened(5000, "stopped"), happened(6000, "stopped")), [[5000, undefined]]);
    // It began stopped.
    assert.deepEqual(spans(happened(7000, "started"), happened(9000, "resumed"), happened(9500, "resumed")), [[7000, 9000]]);
    const undated = { ...happened(1, "stopped"), timestamp: "yesterday" };
    assert.deepEqual(spans(happened(7000, "started"), undated), []);
    assert.deepEqual(spans(undated, happened(5000, "stopped"), undated, happened(9000, "resumed")), [[5000, 9000]]);
    const others = ["tripped", "reload", "reset", "window", "audit"].map((type, at) => happened(5001 + at, type));
    assert.deepEqual(spans(happened(1000, "started"), happened(5000, "stopped"), ...others, happened(9000, "resumed")), [[5000, 9000]]);
  });

  test("that stands lasts on from when it was made, over ends and beginnings, and never from before the latest resumption", () => {
    const stand = (since: string | undefined, ...records: readonly ReturnType<typeof happened>[]): ReturnType<typeof spans> =>
      spansOf(stopsIn(records, { by: "eto-1", since }));
    const twice = [happened(1000, "started"), happened(5000, "stopped"), happened(7000, "ended"), happened(8000, "started")];
    const known = [...twice, happened(8001, "stopped"), happened(9000, "ended")];
    assert.deepEqual(stand(iso(4999), ...known), [[4999, undefined]]);
    // Its file does not say since when: then from where the last run knew of it.
    for (const since of [undefined, "last night"])
      assert.deepEqual(stand(since, ...known), [
        [5000, 7000],
        [8001, undefined],
      ]);
    assert.deepEqual(stand(undefined, ...twice.slice(0, 3)), [[5000, undefined]]);
    // Its file was made anew after it was said.
    assert.deepEqual(stand(iso(9000), happened(1000, "started"), happened(5000, "stopped")), [[5000, undefined]]);
    const before = [happened(1000, "stopped"), happened(3000, "resumed"), happened(9000, "ended")];
    assert.deepEqual(stand(iso(20_000), ...before), [
      [1000, 3000],
      [20_000, undefined],
    ]);
    // Made while nothing ran; and again, by a clock that was wrong, after a resumption.
    assert.deepEqual(stand(iso(9500), happened(1000, "started"), happened(9000, "ended")), [[9500, undefined]]);
    assert.deepEqual(stand(undefined, happened(1000, "started"), happened(9000, "ended")), []);
    assert.deepEqual(stand(iso(-9e9), happened(1000, "stopped"), happened(3000, "resumed")), [
      [1000, 3000],
      [3000, undefined],
    ]);
    assert.match(stopsIn([], { by: "", since: iso(0) })[0]?.why ?? "", /^stop by somebody since \d.*Z, which stands$/u);
  });

  test("under which a run began is known from its record behind the beginning, though nobody resumes it", () => {
    assert.deepEqual(spans(happened(7000, "started"), happened(7001, "stopped"), happened(9000, "ended")), [[7001, 9000]]);
    const selfTest = [happened(6990, "stopped", "self-test"), happened(7000, "started"), happened(7001, "stopped", "self-test")];
    assert.deepEqual(spans(happened(3000, "ended"), ...selfTest), [
      [6990, 7000],
      [7001, undefined],
    ]);
  });

  test("keeps everybody quiet from a second after it was said, and is named by who said it", () => {
    const stops = stopsIn([happened(5000, "stopped"), happened(60_000, "resumed")]);
    assert.deepEqual(blamed(stops, [exchange(5900, fc43Frame)]), []);
    assert.match(blamed(stops, [exchange(8000, fc43Frame)])[0] ?? "", /^3000\.000 ms after the beginning of: stop by eto-1 at /u);
  });
});
