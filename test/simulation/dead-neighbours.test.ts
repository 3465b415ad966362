/** Fifty dead OPC UA servers beside fifty healthy Modbus devices: the healthy ones are asked at the very same times as beside living servers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Check } from "../../src/domain/plan.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const each = 50;
const spanMs = 20 * 60_000;
const names = (kind: string): readonly string[] => Array.from({ length: each }, (_, index) => `${kind}-${String(index).padStart(2, "0")}`);
const healthy = names("plc");

/** What matters of a keep-alive here: a connection of its own that is kept, and an exchange that lasts most of the interval. */
const devices: readonly LiteralDevice[] = [
  ...healthy.map((name, index) => ({ name, address: `192.0.2.${index + 1}` })),
  ...names("server").map((name, index) => ({
    name,
    address: `192.0.2.${index + 101}`,
    profile: "generic-opcua",
    connection: "kept" as const,
    answerWithinMs: 54_500,
  })),
];
const plan = literalPlan(devices, { segmentStartsPerSecondMax: 10 });

/** They never accept, accept and hang, refuse, reset, or send nonsense: ten of each. */
const deaths: readonly Script[] = [
  { does: "no-connect" },
  { does: "silence" },
  { does: "refuse" },
  { does: "reset", afterMs: 5 },
  { does: "malformed" },
];
const indexOf = ({ device }: Check): number => Number(device.slice(-2));

async function lived(server: (check: Check) => Script): Promise<SimulatedSite> {
  const site = new SimulatedSite({
    plan,
    script: (check) => (check.device.startsWith("plc") ? { does: "answer", afterMs: 10 } : server(check)),
  });
  site.start();
  await site.clock.advance(spanMs);
  return site;
}

test("healthy devices are asked at the same times to the millisecond, whether their neighbours live or die", async () => {
  const living = await lived(() => ({ does: "answer", afterMs: 40_000 }));
  const dead = await lived((check) => deaths[indexOf(check) % deaths.length]!);
  for (const name of healthy) {
    assert.ok(living.frameTimes(name).length >= 18, `${name}: ${living.frameTimes(name).length}`);
    assert.deepEqual(dead.frameTimes(name), living.frameTimes(name), name);
  }
  // The dead are dead, and were asked more and more rarely.
  const connects = dead.witness.packets.filter(({ kind, check }) => kind === "connect" && check.device.startsWith("server")).length;
  assert.ok(connects > 2 * each && connects < 12 * each, String(connects));
  await living.shutDown();
  await dead.shutDown();
});
