/** Offsets, clocks that are put back or forward, midnight, windows across each other, and a clock that is set before one begins. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseInstant } from "../../src/domain/instant.ts";
import { wallMs } from "../../src/domain/units.ts";
import type { Window, WindowKind } from "../../src/domain/windows.ts";
import { Windows } from "../../src/safety/windows.ts";
import { Clocks, hour, made, nothing, saysOf, start } from "../support/some-windows.ts";

/** Whether each kind stands at these moments of the one clock, `pmd` for all three, `-` for none. */
function standsAt(windows: Windows, clocks: Clocks, moments: readonly string[]): readonly string[] {
  return moments.map((moment) => {
    clocks.runTo(moment);
    const { paused, muted, deep } = saysOf(windows);
    return `${paused ? "p" : ""}${muted ? "m" : ""}${deep === "open" ? "d" : ""}` || "-";
  });
}

function spanned(kind: WindowKind, from: string, until: string, id: string = kind): Window {
  return made({ id, kind, from: parseInstant(from)!.at, until: parseInstant(until)!.at });
}

describe("a window by the clock on the wall", () => {
  it("begins and ends by its offsets: the hour that comes twice in autumn and the one that is left out in spring, and a ship's retarded clock", () => {
    for (const [from, until, minutes] of [
      ["2026-11-25T02:30+02:00", "2026-11-25T02:30+01:00", 60],
      ["2026-11-29T01:30+01:00", "2026-11-29T03:30+02:00", 60],
      ["2026-12-31T23:00+02:00", "2027-01-01T00:30+01:00", 150],
      ["2026-11-22T23:30+05:45", "2026-11-22T19:00Z", 75],
    ] as const) {
      const clocks = new Clocks();
      const windows = new Windows(clocks.now, [spanned("pause", from, until), spanned("mute", from, until)]);
      const begins = Date.parse(from);
      const at = (minute: number, ms = 0): string => new Date(begins + minute * 60_000 + ms).toISOString();
      assert.deepEqual(standsAt(windows, clocks, [at(0, -1), at(0), at(minutes, -1), at(minutes)]), ["-", "pm", "pm", "-"], from);
    }
  });

  it("goes on over midnight and a new year, and ends with the very first millisecond of the day that is named", () => {
    const clocks = new Clocks();
    const windows = new Windows(clocks.now, [
      spanned("mute", "2026-12-31T22:00Z", "2027-01-01T00:00Z"),
      spanned("deep-query", "2027-01-01T00:00Z", "2027-01-01T02:00Z"),
    ]);
    const moments = [
      "2026-12-31T21:59:59.999Z",
      "2026-12-31T22:00:00Z",
      "2026-12-31T23:59:59.999Z",
      "2027-01-01T00:00:00Z",
      "2027-01-01T02:00:00Z",
    ];
    assert.deepEqual(standsAt(windows, clocks, moments), ["-", "m", "m", "d", "-"]);
  });

  it("overlaps others of every kind, and each keeps its own beginning and end; two of a kind that touch leave no gap", () => {
    const clocks = new Clocks();
    const windows = new Windows(clocks.now, [
      spanned("mute", "2026-11-22T08:00Z", "2026-11-22T12:00Z"),
      spanned("pause", "2026-11-22T09:00Z", "2026-11-22T10:00Z"),
      spanned("pause", "2026-11-22T10:00Z", "2026-11-22T11:00Z", "p2"),
      spanned("deep-query", "2026-11-22T09:30Z", "2026-11-22T13:00Z"),
    ]);
    const hours = ["08:00", "09:00", "09:30", "10:00", "10:59", "11:00", "12:00", "13:00"].map((hour) => `2026-11-22T${hour}:00Z`);
    assert.deepEqual(standsAt(windows, clocks, hours), ["m", "pm", "pmd", "pmd", "pmd", "md", "d", "-"]);
  });

  it("that is planned begins as a pause with the first clock that says so, as any other with the last", () => {
    const planned = (): readonly Window[] =>
      [made(), made({ id: "w2", kind: "mute" }), made({ id: "w3", kind: "deep-query" })].map((window) => ({
        ...window,
        from: wallMs(start + hour),
        until: wallMs(start + 6 * hour),
      }));
    for (const [step, expected] of [
      [2 * hour, { ...nothing, paused: true }],
      [-2 * hour, nothing],
    ] as const) {
      const clocks = new Clocks();
      const windows = new Windows(clocks.now, planned());
      clocks.stepped = step / 2;
      assert.deepEqual(saysOf(windows), expected, "an hour before its beginning, by the monotonic clock");
      clocks.run(hour);
      assert.equal(saysOf(windows).paused, true, "at its beginning, by the monotonic clock");
      assert.deepEqual(saysOf(windows).muted, step > 0);
    }
  });
});
