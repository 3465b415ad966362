/** Real ports of this machine: what is none is refused. What passes one is the affair of the wire proof. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openSerial } from "../../src/wire/serial-port.ts";

const settings = { baudRate: 9600, parity: "even", stopBits: 1 } as const;

test("a device file that is no terminal, or is not there, is not opened as a port", async () => {
  await assert.rejects(openSerial("/dev/null", settings), /Inappropriate ioctl/u);
  await assert.rejects(openSerial("/dev/ttyNOSUCH0", settings), /No such file/u);
});
