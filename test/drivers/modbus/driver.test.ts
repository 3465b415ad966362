/** The Modbus driver over a wire without a network: what it sends, what it makes of answers, and what modbus-serial is kept from. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MalformedReply, type Session } from "../../../src/domain/driver.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { modbusDriver } from "../../../src/drivers/modbus/driver.ts";
import type { ModbusAsk } from "../../../src/drivers/modbus/methods.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";
import { settled } from "../../support/fake-clock.ts";
import { FakeWire } from "../support/fake-wire.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const ask: ModbusAsk = { functionCode: 43, unitId: 7, readCode: 1, objectId: 0 };
/** Maker, P-1, v2. */
const objects = "00 05 4d616b6572 01 03 502d31 02 02 7632";

async function opened(): Promise<{ wire: FakeWire; session: Session<ModbusAsk> }> {
  const wire = new FakeWire(modbusPolicy);
  return { wire, session: await modbusDriver.open(wire, ask) };
}

async function answerTo(pduHex: string): Promise<Answer> {
  const { wire, session } = await opened();
  const answer = session.ask(ask);
  wire.answer(pduHex);
  return await answer;
}

describe("an asking", () => {
  test("is one request in eleven bytes, and nothing before it", async () => {
    const { wire, session } = await opened();
    assert.deepEqual(wire.sent, []);
    void session.ask(ask);
    assert.deepEqual(wire.sent, ["000100000005072b0e0100"]);
  });

  test("counts its transactions on, beyond a byte", async () => {
    const { wire, session } = await opened();
    for (let n = 1; n <= 300; n++) {
      const answer = session.ask(ask);
      wire.answer("ab01");
      await answer;
    }
    assert.deepEqual(
      wire.sent.map((frame) => frame.slice(0, 4)),
      Array.from({ length: 300 }, (_, n) => (n + 1).toString(16).padStart(4, "0")),
    );
    assert.ok(wire.sent.every((frame) => frame.slice(4) === "00000005072b0e0100"));
  });
});

describe("an answer", () => {
  test("gives the device's name", async () => {
    assert.deepEqual(await answerTo(`2b0e01 01 00 00 03 ${objects}`), {
      said: "alive",
      identity: { vendor: "Maker", product: "P-1", revision: "v2" },
    });
  });

  test("without objects is life without a name", async () => {
    assert.deepEqual(await answerTo("2b0e01 01 00 00 00"), { said: "alive" });
  });

  test("keeps letters beyond ASCII, which modbus-serial would fold", async () => {
    assert.deepEqual(await answerTo("2b0e01 01 00 00 01 00 04 4de47274"), { said: "alive", identity: { vendor: "Märt" } });
  });

  test("that announces more is not followed", async () => {
    const { wire, session } = await opened();
    const answer = session.ask(ask);
    wire.answer(`2b0e01 01 ff 03 03 ${objects}`);
    assert.deepEqual(await answer, { said: "alive", identity: { vendor: "Maker", product: "P-1", revision: "v2" }, more: true });
    await settled();
    assert.equal(wire.sent.length, 1);
  });

  test("that would go round in circles says so", async () => {
    const answer = await answerTo(`2b0e01 01 ff 00 03 ${objects}`);
    assert.ok(answer.said === "alive" && answer.more);
    assert.match(answer.note ?? "", /go on with object 0, which it has sent/);
  });

  test("that announces more and then falls silent, or sends an exception, ends nothing", async () => {
    const { wire, session } = await opened();
    const first = session.ask(ask);
    wire.answer(`2b0e01 01 ff 03 03 ${objects}`);
    await first;
    wire.answer("ab04");
    await settled();
    const second = session.ask(ask);
    wire.answer("ab04");
    assert.equal((await second).said, "degraded");
  });

  test("that counts objects of parts to come reads only what is there", async () => {
    assert.deepEqual(await answerTo("2b0e01 01 ff 01 03 00 05 4d616b6572"), { said: "alive", identity: { vendor: "Maker" }, more: true });
  });

  test("of an exception is read by its code", async () => {
    assert.equal((await answerTo("ab01")).said, "alive");
    assert.equal((await answerTo("ab06")).said, "degraded");
    assert.equal((await answerTo("ab0b")).said, "gateway_only");
  });

  for (const [what, pdu] of [
    ["whose objects do not fit", "2b0e01 01 00 00 02 00 05 4d616b6572"],
    ["cut short", "2b0e01"],
    ["of an exception without a code", "ab"],
    ["of an exception with more than a code", "ab0100"],
  ] as const) {
    test(`${what} is malformed, and the next asking is not disturbed by it`, async () => {
      const { wire, session } = await opened();
      const answer = session.ask(ask);
      wire.answer(pdu);
      await assert.rejects(answer, MalformedReply);
      const next = session.ask(ask);
      wire.answer("ab01");
      assert.equal((await next).said, "alive");
    });
  }
});

describe("modbus-serial", () => {
  test("is loaded when the driver is prepared, not by knowing it", () => {
    const program = `
      const { createRequire } = require("node:module");
      const loaded = () => Object.keys(createRequire(process.argv[1]).cache).some((file) => file.includes("modbus-serial"));
      import(process.argv[2]).then(async ({ drivers }) => {
        const before = loaded();
        await drivers.get("modbus").prepare();
        console.log(before, loaded());
      });`;
    const registry = new URL("../../../src/drivers/registry.ts", import.meta.url).href;
    const output = execFileSync(process.execPath, ["-e", program, import.meta.filename, registry], { encoding: "utf8" });
    assert.equal(output.trim(), "false true");
  });

  test("arms no timer, asked or left waiting", async () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const { session } = await opened();
    void session.ask(ask);
    assert.equal(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length, before);
    await session.leave();
    await session.leave();
  });

  test("keeps nothing of the askings before the last", async () => {
    const { wire, session } = await opened();
    const asked = async (): Promise<WeakRef<object>> => {
      const answer = session.ask(ask);
      wire.answer("ab01");
      await answer;
      return new WeakRef(answer);
    };
    const first = await asked();
    await asked();
    await settled();
    collectGarbage();
    assert.equal(first.deref(), undefined);
  });

  test("cannot close the wire", async () => {
    const { wire, session } = await opened();
    await session.leave();
    let ended = false;
    void wire.closed.then(() => (ended = true));
    await settled();
    assert.ok(!ended);
  });

  test("hears nothing any more once the session was left", async () => {
    const { wire, session } = await opened();
    let settledAtAll = false;
    const done = (): void => void (settledAtAll = true);
    session.ask(ask).then(done, done);
    await session.leave();
    wire.answer("ab01");
    await settled();
    assert.ok(!settledAtAll);
  });

  test("is told when the wire has ended, and sends nothing more", async () => {
    const { wire, session } = await opened();
    wire.end({ by: "us", failure: "timeout", detail: "the test" });
    await settled();
    await assert.rejects(session.ask(ask), /Port Not Open/);
    assert.deepEqual(wire.sent, []);
  });
});
