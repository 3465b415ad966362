/** Windows by three clocks: no step of any ends a pause early or makes anything else last longer. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { pauseLead, windowsMax } from "../../src/domain/limits.ts";
import { wallMs } from "../../src/domain/units.ts";
import type { WindowKind, WindowScope } from "../../src/domain/windows.ts";
import { Windows } from "../../src/safety/windows.ts";
import { Clocks, day, device, hour, made, minute, nothing, saysOf, start } from "../support/some-windows.ts";

it("is anchored on the later of the two clocks, whichever that is", () => {
  for (const step of [-hour, hour]) {
    const clocks = new Clocks();
    clocks.trustedStepped = step;
    const windows = new Windows(clocks.now, [made({ kind: "mute" })]);
    assert.equal(saysOf(windows).muted, step < 0 ? false : true);
  }
});

it("that is to hold for more devices keeps its beginning and end, whatever clock was set meanwhile", () => {
  const clocks = new Clocks();
  const windows = new Windows(clocks.now, [made(), made({ id: "w2", kind: "mute" })]);
  windows.look();
  clocks.stepped = day;
  clocks.trustedStepped = day;
  assert.equal(
    windows.hold((window) => (window.id === "w1" ? { ...window, devices: [device.id] } : window)),
    true,
  );
  assert.deepEqual(windows.find("w1")?.devices, [device.id]);
  assert.equal(
    windows.hold((window) => window),
    false,
  );
  clocks.run(2 * hour - 1);
  assert.equal(windows.pause(device)?.endsIn, 1);
  assert.deepEqual(
    windows.look().map(({ change, window }) => `${change} ${window.id}`),
    ["ended w2"],
  );
});

describe("a window", () => {
  it("of each kind does what its kind does and nothing else, from its beginning until its end", () => {
    for (const [kind, inside] of [
      ["pause", { ...nothing, paused: true }],
      ["mute", { ...nothing, muted: true }],
      ["deep-query", { ...nothing, deep: "open" }],
    ] as const) {
      const clocks = new Clocks();
      const windows = new Windows(clocks.now);
      assert.deepEqual(saysOf(windows), nothing);
      assert.equal(windows.deepQueryOpen, false);
      assert.equal(windows.put(made({ kind, from: wallMs(start + minute) })), undefined);
      assert.deepEqual(saysOf(windows), nothing);
      assert.equal(windows.isOpen("w1"), false);
      assert.equal(windows.deepQueryOpen, false);
      assert.deepEqual(windows.look(), []);
      clocks.run(minute);
      assert.deepEqual(saysOf(windows), inside);
      assert.equal(windows.isOpen("w1"), true);
      assert.equal(windows.deepQueryOpen, kind === "deep-query");
      assert.deepEqual(
        windows.look().map(({ change }) => change),
        ["began"],
      );
      assert.deepEqual(windows.look(), []);
      clocks.run(2 * hour - minute - 1);
      assert.deepEqual(saysOf(windows), inside);
      clocks.run(1);
      assert.deepEqual(saysOf(windows), nothing);
      assert.deepEqual(
        windows.look().map(({ change, window }) => [change, window.id]),
        [["ended", "w1"]],
      );
      assert.deepEqual(windows.all(), []);
    }
  });

  it("covers by device, segment, zone, profile or site, and nothing beside", () => {
    const covering: readonly WindowScope[] = ["device:plc", "segment:hvac", "zone:OT-1", "profile:generic-modbus-tcp", "site"];
    const beside: readonly WindowScope[] = ["device:plc2", "segment:plc", "zone:hvac", "profile:plc", "device:hvac"];
    for (const [scopes, expected] of [
      [covering, { ...nothing, deep: "open" }],
      [beside, { ...nothing, deep: "elsewhere" }],
    ] as const)
      for (const scope of scopes) {
        const windows = new Windows(new Clocks().now, [made({ kind: "deep-query", scope })]);
        assert.deepEqual(saysOf(windows), expected, scope);
      }
  });

  it("overlaps one of another kind: both hold, and of two pauses the later end", () => {
    const clocks = new Clocks();
    const windows = new Windows(clocks.now, [
      made({ kind: "mute" }),
      made({ id: "w2", kind: "deep-query", until: wallMs(start + 3 * hour) }),
      made({ id: "w3", scope: "site", until: wallMs(start + hour) }),
      made({ id: "w4", from: wallMs(start + 4 * hour), until: wallMs(start + 5 * hour) }),
      made({ id: "w7", from: wallMs(start + 10 * hour), until: wallMs(start + 11 * hour) }),
      made({ id: "w5", kind: "deep-query", scope: "site", until: wallMs(start + 4 * hour) }),
    ]);
    assert.deepEqual(saysOf(windows), { paused: true, muted: true, deep: "open" });
    assert.equal(windows.pause(device)?.endsIn, hour);
    assert.equal(windows.deepQueryWindow(device)?.id, "w5");
    assert.equal(windows.put(made({ id: "w6" })), undefined);
    assert.equal(windows.pause(device)?.endsIn, 2 * hour);
    clocks.run(2 * hour);
    assert.deepEqual(windows.pause(device), { beginsIn: 2 * hour, endsIn: 3 * hour });
    assert.equal(new Windows(clocks.now).deepQueryWindow(device), undefined);
  });

  it("is refused without a future, and too far ahead or too long for its kind; never more than there is room for", () => {
    const windows = new Windows(new Clocks().now);
    const at = (from: number, until: number, kind: WindowKind = "pause"): string =>
      windows.put(made({ kind, from: wallMs(start + from), until: wallMs(start + until) })) ?? "";
    assert.match(at(hour, hour), /not after the beginning/u);
    assert.match(at(-2 * hour, -hour), /which is past, expected one after/u);
    assert.match(at(91 * day, 92 * day), /within 90 d/u);
    assert.match(at(0, 30 * day + 1), /at most 30 d/u);
    assert.match(at(hour, hour + day + 1, "deep-query"), /from its beginning to its end, expected at most 1 d of a deep-query window/u);
    assert.deepEqual(windows.all(), []);
    assert.equal(at(-day, 30 * day, "mute"), "");
    for (let count = 1; count < windowsMax; count++) assert.equal(windows.put(made({ id: `x${count}` })), undefined);
    assert.match(windows.put(made({ id: "y" })) ?? "", /found 200 windows/u);
    assert.equal(windows.put(made({ id: "x1", until: wallMs(start + 3 * hour) })), undefined);
    assert.equal(windows.remove("x1")?.id, "x1");
    assert.equal(windows.remove("x1"), undefined);
    assert.equal(windows.isOpen("x1"), false);
  });

  it("that is extended goes on without beginning again", () => {
    const clocks = new Clocks();
    const windows = new Windows(clocks.now, [made()]);
    assert.equal(windows.nextPauseIn(), 0);
    windows.look();
    assert.equal(windows.nextPauseIn(), Infinity);
    clocks.run(hour);
    windows.put(made({ until: wallMs(start + 3 * hour) }));
    clocks.run(hour);
    assert.deepEqual(windows.look(), []);
    assert.equal(saysOf(windows).paused, true);
    clocks.run(hour);
    assert.equal(saysOf(windows).paused, false);
  });
});

describe("a clock that is set during a window", () => {
  it("forward, for good: the pause lasts as long as the monotonic clock says, everything else ends", () => {
    const clocks = new Clocks();
    const windows = new Windows(clocks.now, [made(), made({ id: "w2", kind: "mute" }), made({ id: "w3", kind: "deep-query" })]);
    clocks.run(10 * minute);
    clocks.stepped = day;
    clocks.trustedStepped = day;
    assert.deepEqual(saysOf(windows), { ...nothing, paused: true });
    windows.look();
    // What ended by the wrong clock stays ended when that is set right.
    clocks.stepped = 0;
    clocks.trustedStepped = 0;
    assert.deepEqual(saysOf(windows), { ...nothing, paused: true });
    clocks.run(110 * minute);
    assert.deepEqual(saysOf(windows), nothing);
  });

  it("back: the pause lasts longer until a person closes it, everything else ends in its time", () => {
    const clocks = new Clocks();
    const windows = new Windows(clocks.now, [made({ id: "w3", kind: "deep-query" }), made({ id: "w2", kind: "mute" }), made()]);
    clocks.run(hour);
    clocks.stepped = -day;
    assert.equal(windows.judged, start + hour);
    assert.deepEqual(saysOf(windows), { ...nothing, paused: true });
    clocks.run(hour);
    windows.look();
    clocks.stepped = 0;
    assert.deepEqual(saysOf(windows), nothing);
    windows.look();
    clocks.stepped = -day;
    assert.deepEqual([saysOf(windows), windows.all()], [nothing, []]);
  });

  it("anyhow, at any moments: no pause is shorter than it was opened for, and nothing else longer", () => {
    const step = fc.record({
      after: fc.integer({ min: 0, max: hour }),
      wall: fc.integer({ min: -day, max: day }),
      trusted: fc.integer({ min: 0, max: day }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const clocks = new Clocks();
        const windows = new Windows(clocks.now, [made(), made({ id: "w2", kind: "mute" }), made({ id: "w3", kind: "deep-query" })]);
        let ran = 0;
        for (const { after, wall, trusted } of steps) {
          clocks.run(after);
          ran += after;
          clocks.stepped = wall;
          clocks.trustedStepped = Math.max(clocks.trustedStepped, trusted);
          windows.look();
          const { paused, muted, deep } = saysOf(windows);
          if (ran < 2 * hour) assert.equal(paused, true);
          else assert.deepEqual([muted, deep], [false, "none"]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("a restart keeps them: what a later run reads holds as before", () => {
    const clocks = new Clocks();
    const before = new Windows(clocks.now, [made()]);
    clocks.run(hour);
    const after = new Windows(clocks.now, before.all());
    assert.deepEqual(after.pause(device), { beginsIn: 0, endsIn: hour });
    assert.ok(pauseLead > 0);
  });
});
