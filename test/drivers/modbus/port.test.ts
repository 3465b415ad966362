/** The port between modbus-serial and the wire: RTU frames on one side, Modbus TCP frames on the other. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WirePort } from "../../../src/drivers/modbus/port.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";
import { FakeWire } from "../support/fake-wire.ts";

/** FC 43/14 for unit 1 with its CRC. */
const rtu = Buffer.from("012b0e01007077", "hex");

describe("a frame of the library", () => {
  test("goes out without its CRC, under a header of its own", () => {
    const wire = new FakeWire(modbusPolicy);
    new WirePort(wire, (reply) => reply).write(rtu);
    assert.deepEqual(wire.sent, ["000100000005012b0e0100"]);
  });

  test("takes the transaction ids round the end of their two bytes", () => {
    const wire = new FakeWire(modbusPolicy);
    const port = new WirePort(wire, (reply) => reply);
    port._transactionIdWrite = 0xffff;
    port.write(rtu);
    port.write(rtu);
    assert.deepEqual(
      wire.sent.map((frame) => frame.slice(0, 4)),
      ["ffff", "0000"],
    );
  });
});

describe("a frame of the wire", () => {
  test("comes in with a CRC, filed under its transaction", () => {
    const wire = new FakeWire(modbusPolicy);
    const port = new WirePort(wire, (reply) => reply);
    const came: string[] = [];
    port.on("data", (bytes: Buffer) => came.push(bytes.toString("hex")));
    port._transactionIdWrite = 0x1234;
    port.write(rtu);
    wire.answer("ab01");
    // The CRC as another implementation gives it, low byte first.
    assert.deepEqual(came, ["01ab019ef0"]);
    assert.equal(port._transactionIdRead, 0x1234);
  });

  test("is kept from the library, or put in other words, as the inspection says", () => {
    const wire = new FakeWire(modbusPolicy);
    const verdicts = [undefined, Uint8Array.of(1, 0xab, 6)];
    const port = new WirePort(wire, () => verdicts.shift());
    const came: string[] = [];
    port.on("data", (bytes: Buffer) => came.push(bytes.toString("hex").slice(0, 6)));
    port.write(rtu);
    wire.answer("ab01");
    assert.deepEqual(came, []);
    wire.answer("ab01");
    assert.deepEqual(came, ["01ab06"]);
  });
});

test("what the library calls closing leaves the wire alone", async () => {
  const wire = new FakeWire(modbusPolicy);
  const port = new WirePort(wire, (reply) => reply);
  await new Promise<void>((resolve) => port.close(resolve));
  await new Promise<void>((resolve) => port.destroy(resolve));
  port.close();
  port.destroy();
  assert.ok(port.isOpen);
});
