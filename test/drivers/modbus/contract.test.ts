/** The Modbus driver under the contract of all drivers. */
import { modbusDriver } from "../../../src/drivers/modbus/driver.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";
import { withCrc } from "../../../src/domain/crc16.ts";
import { modbusRtuPolicy } from "../../../src/wire/frames/modbus-rtu.ts";
import { modbusCheck } from "../../support/checks.ts";
import { driverContract } from "../contract.ts";

function framed(requestHex: string, pdu: string): string {
  const length = (pdu.length / 2 + 1).toString(16).padStart(4, "0");
  return `${requestHex.slice(0, 8)}${length}${requestHex.slice(12, 14)}${pdu}`;
}

const lawful = "2b0e010100000100054d616b6572";

driverContract({
  name: "modbus-fc43",
  driver: modbusDriver,
  policy: modbusPolicy,
  check: (port, connection) => modbusCheck({ port, connection }),
  reply: (request) => framed(request, lawful),
  garbage: [
    ["noise", () => "deadbeefdeadbeefdeadbeef"],
    ["a web server's answer", () => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n").toString("hex")],
    ["an answer to another transaction", (request) => `ffff${framed(request, lawful).slice(4)}`],
    ["an answer of another unit", (request) => framed(request, lawful).replace(/^(.{12})../u, "$163")],
    ["an answer to another function", (request) => framed(request, "03020001")],
    ["objects that end in the middle", (request) => framed(request, lawful.slice(0, -4))],
    ["more objects counted than sent", (request) => framed(request, "2b0e010100000900054d616b6572")],
    ["an empty body", (request) => framed(request, "2b")],
    ["an exception without a code", (request) => framed(request, "ab")],
    ["the answer twice", (request) => framed(request, lawful).repeat(2)],
    ["the longest frame there is, full of zeros", (request) => framed(request, `2b${"00".repeat(252)}`)],
  ],
});

driverContract({
  name: "modbus-fc3",
  driver: modbusDriver,
  policy: modbusPolicy,
  check: (port, connection) =>
    modbusCheck({
      port,
      connection,
      method: "modbus-fc3",
      register: { protocolAddress: 100, count: 2, value: { type: "uint32", wordOrder: "big" } },
    }),
  reply: (request) => framed(request, "030400010203"),
  garbage: [
    ["an answer of input registers", (request) => framed(request, "040400010203")],
    ["one register too few", (request) => framed(request, "03020001")],
    ["one register too many", (request) => framed(request, "0306000102030405")],
    ["a byte count beyond the frame", (request) => framed(request, "030400")],
    ["bytes behind the registers", (request) => framed(request, "03040001020300")],
    ["an answer without a byte count", (request) => framed(request, "03")],
    ["an exception with more than a code", (request) => framed(request, "830200")],
    ["the answer twice", (request) => framed(request, "030400010203").repeat(2)],
  ],
});

driverContract({
  name: "modbus-fc17",
  driver: modbusDriver,
  policy: modbusPolicy,
  check: (port, connection) => modbusCheck({ port, connection, method: "modbus-fc17" }),
  reply: (request) => framed(request, "1105b4ff504c43"),
  garbage: [
    ["a byte count beyond the frame", (request) => framed(request, "1106b4ff504c43")],
    ["bytes behind the text", (request) => framed(request, "1105b4ff504c4300")],
    ["a server id without a run indicator", (request) => framed(request, "1101b4")],
    ["nothing of itself", (request) => framed(request, "1100")],
  ],
});

/** Unit id and PDU with their check sum. */
const rtu = (request: string, pdu: string): string =>
  Buffer.from(withCrc(Buffer.from(`${request.slice(0, 2)}${pdu}`, "hex"))).toString("hex");

driverContract({
  name: "modbus-fc3 as RTU over TCP",
  driver: modbusDriver,
  policy: modbusRtuPolicy,
  check: (port, connection) =>
    modbusCheck({ port, connection, framing: "rtu-over-tcp", method: "modbus-fc3", register: { protocolAddress: 100, count: 1 } }),
  reply: (request) => rtu(request, "03020007"),
  garbage: [
    ["a wrong check sum", (request) => `${rtu(request, "03020007").slice(0, -4)}0000`],
    ["a Modbus TCP frame", () => "000100000005010302000700"],
    ["an answer of another unit", (request) => rtu(`63${request.slice(2)}`, "03020007")],
    ["an answer to another function", (request) => rtu(request, "04020007")],
    ["one register too many", (request) => rtu(request, "030400070008")],
    ["the answer twice", (request) => rtu(request, "03020007").repeat(2)],
  ],
});
