/** Causes stand until their end, and no longer than somebody can find it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SharedCause } from "../../src/domain/outcome.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { Causes } from "../../src/store/causes.ts";
import { plan } from "./support/site.ts";

/** `unit` is behind the gateway gw, behind `switch`, and behind `mute`, which is not asked itself; `other` is behind `switch` alone. */
function site(changes: Readonly<Record<string, { checks: [] }>> = {}): Plan {
  const made = plan({ unit: {}, other: {}, switch: {}, mute: { checks: [] }, ...changes });
  const behind: Readonly<Record<string, readonly string[]>> = { unit: ["gw", "mute", "switch"], other: ["switch"] };
  const devices = Array.from(made.devices, ([id, device]) => [id, { ...device, behind: behind[id] ?? [] }] as const);
  return { ...made, devices: new Map(devices) };
}

const begun = (causes: Causes, cause: SharedCause, scope: string, detail = ""): void =>
  causes.begin({ cause, scope, detail, since: wallMs(0) });
const standing = (causes: Causes): readonly string[] => Array.from(causes, ({ cause, scope }) => `${cause} ${scope}`);

describe("causes", () => {
  test("are told apart by what they are and by whom, and the first word of each stays", () => {
    const causes = new Causes();
    begun(causes, "segment", "hvac", "first");
    begun(causes, "segment", "hvac", "second");
    begun(causes, "gateway", "hvac");
    assert.deepEqual(standing(causes), ["segment hvac", "gateway hvac"]);
    assert.equal([...causes][0]?.detail, "first");
    causes.end("gateway", "hvac");
    causes.end("gateway", "never began");
    assert.deepEqual(standing(causes), ["segment hvac"]);
  });

  test("stay over a reload while somebody asked can show their end", () => {
    const causes = new Causes();
    begun(causes, "segment", "hvac");
    begun(causes, "segment", "gone");
    begun(causes, "way_out", "gone");
    begun(causes, "gateway", "gw");
    begun(causes, "gateway", "gone");
    begun(causes, "device", "switch");
    begun(causes, "device", "mute");
    causes.adopt(site());
    assert.deepEqual(standing(causes), ["segment hvac", "way_out gone", "gateway gw", "device switch"]);
    causes.adopt(site({ unit: { checks: [] } }));
    assert.deepEqual(standing(causes), ["segment hvac", "way_out gone", "device switch"], "nobody asks through the gateway");
    causes.adopt(site({ unit: { checks: [] }, other: { checks: [] }, switch: { checks: [] } }));
    assert.deepEqual(standing(causes), ["way_out gone"]);
  });
});
