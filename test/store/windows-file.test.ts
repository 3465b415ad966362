/** Windows beside the journal: what was written is read again, and what cannot be read lets nothing start. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { wallMs } from "../../src/domain/units.ts";
import type { DeviceId } from "../../src/domain/plan.ts";
import type { Window } from "../../src/domain/windows.ts";
import { readWindows, windowsFileName, writeWindows } from "../../src/store/windows-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watchkeeper-windows-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const window: Window = {
  id: "w3",
  kind: "pause",
  scope: "zone:OT-1",
  from: wallMs(1_795_262_400_000),
  until: wallMs(1_795_269_600_000),
  offsetMinutes: -210,
  by: "eto-1",
  reason: "firmware",
};

describe("the windows beside the journal", () => {
  test("are none in a new folder, and later what was written, for this user alone", () => {
    assert.deepEqual(readWindows(folder), { next: 1, windows: [] });
    const kept = {
      next: 5,
      windows: [
        { ...window, devices: ["plc" as DeviceId], places: ["192.0.2.11"] },
        { ...window, id: "w4", kind: "mute", change: "MOC-7" } as const,
      ],
    };
    assert.equal(writeWindows(folder, kept), undefined);
    assert.deepEqual(readWindows(folder), kept);
    const later = { ...kept, past: [{ ...window, since: { plc: wallMs(1_795_263_000_000) } }] };
    assert.equal(writeWindows(folder, later), undefined);
    assert.deepEqual(readWindows(folder), later);
    assert.deepEqual(readdirSync(folder), [windowsFileName]);
    assert.equal(statSync(join(folder, windowsFileName)).mode & 0o777, 0o600);
  });

  test("that cannot be understood are a problem that says what to do: a pause may be among them", () => {
    const texts = [
      "",
      "[]",
      "null",
      "{",
      '{"schema":"windows/v2","next":1,"windows":[]}',
      '{"schema":"windows/v1","next":"1","windows":[]}',
      '{"schema":"windows/v1","next":1,"windows":{}}',
      ...[
        null,
        { ...window, kind: "hush" },
        { ...window, scope: "plc" },
        { ...window, until: "2026" },
        { ...window, from: -1 },
        { ...window, from: 9e15 },
        { ...window, offsetMinutes: 0.5 },
        { ...window, by: 7 },
        { ...window, change: 7 },
        { ...window, devices: "plc" },
        { ...window, devices: [7] },
        { ...window, places: "192.0.2.11" },
        { ...window, places: [7] },
        { ...window, since: "2026" },
        { ...window, since: { plc: -1 } },
      ].flatMap((one) =>
        [{ windows: [one] }, { windows: [], past: [one] }].map((lists) => JSON.stringify({ schema: "windows/v1", next: 1, ...lists })),
      ),
      '{"schema":"windows/v1","next":1,"windows":[],"past":{}}',
    ];
    for (const text of texts) {
      writeFileSync(join(folder, windowsFileName), text);
      const read = readWindows(folder);
      assert.match("problem" in read ? read.problem : "", /a pause that still holds may be in it/u, text);
    }
  });

  test("that cannot be read or written are a problem, and what was there stays", () => {
    assert.equal(writeWindows(folder, { next: 2, windows: [window] }), undefined);
    const gone = join(folder, "gone");
    assert.match(writeWindows(gone, { next: 1, windows: [] })?.problem ?? "", /cannot be written \(ENOENT/u);
    const odd = join(folder, "odd");
    mkdirSync(join(odd, windowsFileName), { recursive: true });
    const read = readWindows(odd);
    assert.match("problem" in read ? read.problem : "", /cannot be read \(EISDIR/u);
    assert.deepEqual(readWindows(folder), { next: 2, windows: [window] });
    chmodSync(folder, 0o700);
  });
});
