/** The sheets for vendors are those of the present library, and show every method's bytes as the drivers make them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { vendorSheets } from "../../scripts/vendor-sheets.ts";
import { readLibrary, shippedLibrary } from "../../src/config/library.ts";
import { deepReadIds } from "../../src/domain/deep-reads.ts";
import type { MethodInput } from "../../src/domain/driver.ts";
import { methodIds, type MethodId } from "../../src/domain/operations.ts";
import { isOpen } from "../../src/domain/wire.ts";
import { opcuaDriver } from "../../src/drivers/opcua/driver.ts";
import { methods } from "../../src/drivers/registry.ts";
import { opcuaPolicy } from "../../src/wire/frames/opcua.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FamilyDevice } from "../support/family-device.ts";
import { familyNetwork } from "../support/family-network.ts";
import { opcuaCheck } from "../support/opcua-checks.ts";
import { TestPermit } from "../support/permits.ts";
import { blocksOf, deepBlocksOf, framesOf } from "../support/vendor-sheet.ts";

const folder = path.resolve(import.meta.dirname, "../../docs/for-vendors");
const sheets = vendorSheets();
const { profiles } = readLibrary(shippedLibrary, { lint: false });

test("the sheets are current; if this fails, run `npm run docs:vendors`", () => {
  const stored = readdirSync(folder).map((name): [string, string] => [name, readFileSync(path.join(folder, name), "utf8")]);
  assert.deepEqual(new Map(stored), sheets);
});

test("a sheet shows the exact bytes, and what is forbidden as never sent", () => {
  const sheet = sheets.get("schneider-m221.md") ?? "";
  assert.match(sheet, /```\nmodbus-read-device-identification\n {2}\{transaction number: 2\} 00 00 00 05 01 2b 0e 01 00\n```/);
  const [sent, never] = sheet.split("## Never sent");
  assert.ok(sent?.includes("`modbus-fc43`") === true && !sent.includes("modbus-fc17"));
  assert.ok(never?.includes("`modbus-fc17`") === true);
});

test("a sheet of a family that is never asked shows no bytes and says so", () => {
  for (const { value: profile } of profiles.values()) {
    const sheet = sheets.get(`${profile.id}.md`) ?? "";
    const asked = Object.values(profile.methods).some(({ decision }) => decision !== "forbid");
    assert.deepEqual([sheet.includes("```"), sheet.includes("sends nothing to devices")], [asked, !asked], profile.id);
  }
});

test("every method there is stands in some sheet, with frames that are the same in all of them but for the place of a CPU", () => {
  const blocks = [...sheets.values()].flatMap((sheet) => [...blocksOf(sheet)]);
  const byMethod = Map.groupBy(blocks, ([method]) => method);
  assert.deepEqual([...byMethod.keys()].toSorted(), methodIds.toSorted());
  for (const [method, ones] of byMethod) {
    // The last byte of an S7 connection names rack and slot: 0/1, 0/2.
    const frames = ones.map(([, block]) => block.replace(/c2 02 03 0[12]$/mu, "c2 02 03 01"));
    assert.equal(new Set(frames).size, 1, method);
    assert.ok(framesOf(frames[0]!).length > 0, method);
  }
});

test("a sheet says no more of what differs than does: a changed byte, one too many and one too few are noticed", () => {
  const [frame] = framesOf(blocksOf(sheets.get("schneider-m221.md") ?? "").get("modbus-fc43") ?? "");
  const sound = "123400000005012b0e0100";
  const tried = [sound, sound.replace("012b", "022b"), `${sound}00`, sound.slice(0, -2)];
  assert.deepEqual(
    tried.map((hex) => frame?.pattern.test(hex)),
    [true, false, false, false],
  );
});

describe("what the sheets print of OPC UA is what node-opcua makes:", () => {
  for (const method of ["opcua-keepalive", "opcua-read", "opcua-hello", "opcua-get-endpoints"] as const)
    test(method, async () => {
      const printed = framesOf(blocksOf(sheets.get("generic-opcua.md") ?? "").get(method) ?? "");
      const sent = await spoken(method);
      const names = sent.map((hex) => printed.find(({ pattern }) => pattern.test(hex))?.operation ?? hex);
      // A channel that is renewed is printed once more.
      assert.deepEqual(names, [...new Set(printed.map(({ operation }) => operation))]);
    });
});

describe("what a deep query may ask", () => {
  test("stands in its own section, in every sheet whose profile offers it and in no other, with the condition and with frames that are the same in all", () => {
    const seen = new Map<string, string>();
    for (const { value: profile } of profiles.values()) {
      const sheet = sheets.get(`${profile.id}.md`) ?? "";
      const blocks = deepBlocksOf(sheet);
      assert.deepEqual(
        [...blocks.keys()],
        profile.deepQuery.map(({ read }) => read),
        profile.id,
      );
      assert.equal(sheet.includes("No schedule sends any of this."), blocks.size > 0, profile.id);
      for (const [read, block] of blocks) {
        assert.ok(framesOf(block).length > 0, `${profile.id} ${read}`);
        const frames = block.replace(/c2 02 03 0[12]$/mu, "c2 02 03 01");
        assert.equal(seen.get(read) ?? frames, frames, read);
        seen.set(read, frames);
      }
    }
    assert.deepEqual([...seen.keys()].toSorted(), deepReadIds.toSorted());
  });

  test("is printed as it is planned: what fits the templates fits the sheet, and a byte more or less does not", () => {
    const sheet = sheets.get("rockwell-controllogix.md") ?? "";
    const printed = framesOf(deepBlocksOf(sheet).get("enip-slots") ?? "");
    const method = methods.get("enip-identity-object")!;
    const parsed = method.parse({ deep: { read: "enip-slots", number: 0 } });
    assert.ok("ask" in parsed);
    const phases = [method.opening(parsed.ask), method.asking(parsed.ask), method.closing(parsed.ask)];
    const frames = phases.flatMap(({ templates }) => templates.map(({ bytes }) => Buffer.from(bytes).toString("hex")));
    assert.deepEqual(
      frames.map((frame) => printed.findIndex(({ pattern }) => pattern.test(frame))),
      [0, 1, 2],
    );
    for (const frame of frames)
      for (const other of [`${frame}00`, frame.slice(0, -2)]) assert.ok(!printed.some(({ pattern }) => pattern.test(other)));
  });

  for (const read of ["opcua-server", "opcua-endpoints"] as const)
    test(`of OPC UA is what node-opcua makes: ${read}`, async () => {
      const printed = framesOf(deepBlocksOf(sheets.get("generic-opcua.md") ?? "").get(read) ?? "");
      const sent = await spoken(read === "opcua-server" ? "opcua-read" : "opcua-get-endpoints", { deep: { read } });
      const names = sent.flatMap((hex) => printed.find(({ pattern }) => pattern.test(hex))?.operation ?? []);
      assert.deepEqual(names, [...new Set(printed.map(({ operation }) => operation))]);
    });
});

/** Every frame of one exchange with a server that grants what is asked, goodbye and all. */
async function spoken(method: Extract<MethodId, `opcua-${string}`>, input: MethodInput = {}): Promise<readonly string[]> {
  const [clock, address] = [new FakeClock(), "192.0.2.11"];
  const traits = { poolSize: 4, overflow: "rejects", idleTimeoutMs: 60_000, closeCausesFault: false, vendorId: 1 } as const;
  const server = new FamilyDevice(clock, traits, { fedBy: "none", functionCodes: [] });
  const network = familyNetwork(clock, new Map([[address, server]]));
  const check = opcuaCheck({ method, address, port: 4840, input });
  const wire = await network.dial(TestPermit.for(check, clock), opcuaPolicy);
  assert.ok(isOpen(wire));
  const speaking = opcuaDriver.open(wire, check.ask).then(async (session) => {
    await session.ask(check.ask);
    await session.leave();
  });
  let over = false;
  void speaking.then(() => (over = true));
  while (!over) await clock.advance(10);
  await speaking;
  return network.emitted.flatMap(({ operation, frame }) => (operation === undefined ? [] : [Buffer.from(frame).toString("hex")]));
}

test("no sheet calls an interval the vendor's", () => {
  for (const text of sheets.values()) assert.doesNotMatch(text, /vendor[- ]approved/iu);
});
