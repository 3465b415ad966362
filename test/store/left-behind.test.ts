/** What a run leaves open at devices is known to the next one, however it ended. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Check, LineId } from "../../src/domain/plan.ts";
import { monotonicMs as at } from "../../src/domain/units.ts";
import { InFlightFile, type LeftBehind } from "../../src/store/in-flight-file.ts";

let folder = "";
const boot = "f81d4fae";
const [plc, pump] = ["address:192.0.2.11", "gateway:fw-serial"] as LineId[] as [LineId, LineId];
const check = (id: string): Check => ({ id }) as unknown as Check;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watchkeeper-left-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function begun(name = boot): InFlightFile {
  const file = new InFlightFile(folder, { boot: name });
  assert.ok(!("problem" in file.start()));
  return file;
}
const leftFor = (name = boot): LeftBehind => begun(name).left;
const nothing: LeftBehind = { checks: [], lines: [], counted: [] };

describe("a run that ends without leave", () => {
  test("leaves what it was asking, what it kept, and what was counted already", () => {
    const file = begun();
    assert.deepEqual(file.left, nothing);
    file.begin(check("plc/modbus-fc43"));
    file.kept(plc, true);
    file.kept(plc, true);
    file.counted(pump, [at(1000.5), at(2000)]);
    assert.deepEqual(leftFor(), {
      checks: [{ check: "plc/modbus-fc43", place: "" }],
      lines: [plc],
      counted: [
        [pump, 1000.5],
        [pump, 2000],
      ],
    });
  });

  test("leaves nothing that was over", () => {
    const file = begun();
    file.begin(check("plc/modbus-fc43"));
    file.end(check("plc/modbus-fc43"));
    file.kept(plc, true);
    file.kept(plc, false);
    file.kept(pump, false);
    file.counted(pump, [at(1), at(2), at(3)]);
    file.counted(pump, [at(3)]);
    assert.deepEqual(leftFor(), { ...nothing, counted: [[pump, 3]] });
    const again = begun();
    again.counted(pump, [at(5)]);
    again.counted(pump, []);
    assert.deepEqual(leftFor(), nothing);
  });

  test("of the machine as well: its clock begins anew, so all that was open is counted anew", () => {
    const file = begun();
    file.begin(check("plc/modbus-fc43"));
    file.kept(plc, true);
    file.counted(pump, [at(1000)]);
    assert.deepEqual(leftFor("another"), { checks: [{ check: "plc/modbus-fc43", place: "" }], lines: [plc, pump], counted: [] });
  });
});

describe("a clean end", () => {
  test("leaves only what was counted before it and is not over", () => {
    const file = begun();
    file.begin(check("plc/modbus-fc43"));
    file.kept(plc, true);
    file.counted(pump, [at(1000)]);
    file.close();
    assert.deepEqual(leftFor(), { ...nothing, counted: [[pump, 1000]] });
  });
});

describe("a damaged note", () => {
  test("counts for nothing and harms nobody", () => {
    begun().counted(pump, [at(1000)]);
    const path = join(folder, "inflight");
    for (const damage of ["abcd", "-100", "1e99x"]) {
      writeFileSync(path, readFileSync(path, "utf8").replace(/(?<=fw-serial )\S+/u, damage));
      assert.deepEqual(leftFor().counted, [[pump, 0]], damage);
      begun().counted(pump, [at(1000)]);
    }
  });
});
