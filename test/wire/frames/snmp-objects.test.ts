/** The closed list of objects, name by name: what Get may read, and of which entries GetNext may ask. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { snmpMethods } from "../../../src/drivers/snmp/methods.ts";
import { snmpPolicy } from "../../../src/wire/frames/snmp.ts";
import { isNamed, isNextEntry } from "../../../src/wire/frames/snmp-objects.ts";

const name = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

test("Get reads the system group, nine columns of one interface, and of a bridge its address, its number of ports and one port", () => {
  for (let object = 1; object <= 7; object++) assert.ok(isNamed(name(`2b0601020101 0${object} 00`)), String(object));
  for (const column of ["02", "03", "05", "06", "07", "08", "09", "0e", "14"])
    for (const index of ["01", "7f", "8100", "87ffffff7f"])
      assert.ok(isNamed(name(`2b06010201020201 ${column} ${index}`)), `${column}.${index}`);
  for (const object of ["0101 00", "0102 00", "0104 01 02 01", "0104 01 02 40"]) assert.ok(isNamed(name(`2b0601020111 ${object}`)), object);
});

test("Get reads nothing else", () => {
  const others = [
    "2b0601020101 00 00",
    "2b0601020101 08 00",
    "2b0601020101 09 01 02 01",
    "2b0601020101 01 01",
    "2b0601020101 01",
    "2b0601020101",
    "2b06010201020201 01 01",
    "2b06010201020201 04 01",
    "2b06010201020201 0a 01",
    "2b06010201020201 16 01",
    "2b06010201020201 08",
    "2b06010201020201 08 01 01",
    "2b06010201020201 08 80 01",
    "2b06010201020201 08 87",
    "2b06010201020201 08 8880808000",
    "2b06010201020201 08 8180808080808000",
    "2b06010201020201",
    "2b060102010201 00",
    "2b0601020111 0101 01",
    "2b0601020111 0101",
    "2b0601020111 0103 00",
    "2b0601020111 0104 01 01 01",
    "2b0601020111 0104 01 02",
    "2b0601020111 0104 01 02 01 01",
    "2b0601020111 0403 01 02 00 80 74",
    "2b06010401",
    "",
  ];
  for (const hex of others) assert.ok(!isNamed(name(hex)), hex);
});

const [port, status] = ["2b0601020111 0403 01 02", "2b0601020111 0403 01 03"];
const pair = (first: string, second = first): readonly Uint8Array[] => [name(`${port}${first}`), name(`${status}${second}`)];

test("GetNext asks for one row of the table of a bridge: from its beginning, or behind one hardware address in both columns", () => {
  assert.ok(isNextEntry(pair("")));
  assert.ok(isNextEntry(pair("00 8100 8174 0a 0b 0c")));
  assert.ok(isNextEntry(pair("817f 817f 817f 817f 817f 817f")));
});

test("GetNext asks for nothing else", () => {
  const never: readonly (readonly Uint8Array[])[] = [
    pair("00 8100 8174 0a 0b 0c", "00 8100 8174 0a 0b 0d"),
    pair("", "00 01 02 03 04 05"),
    pair("00 01 02 03 04 05", ""),
    pair("00"),
    pair("00 01 02 03 04 05 06"),
    pair("00 01 02 03 04 8200"),
    pair("00 01 02 03 04 85"),
    pair("00 01 02 03 04 8005"),
    pair("").toReversed(),
    pair("").slice(0, 1),
    [...pair(""), name(port)],
    [name(port), name(port)],
    [name("2b0601020101"), name(status)],
    [name("2b06010201020201 02"), name("2b06010201020201 03")],
    [],
  ];
  for (const names of never) assert.ok(!isNextEntry(names), names.map((one) => Buffer.from(one).toString("hex")).join(" "));
});

test("every frame that a deep query may send is on the list, whatever address the device gives to go on behind, and no byte more is open", () => {
  const [method] = snmpMethods;
  const credentials = { kind: "snmp-v2c", id: "test", nameBytes: 6 } as const;
  for (const read of ["snmp-system", "snmp-interfaces", "snmp-bridge-ports", "snmp-bridge-table"] as const) {
    const parsed = method!.parse({ credentials, deep: { read, ...(read === "snmp-interfaces" && { number: 64 }) } });
    assert.ok("ask" in parsed);
    const { templates, requestsMax } = method!.asking(parsed.ask);
    assert.equal(requestsMax, 1);
    assert.equal(templates.length, { "snmp-system": 1, "snmp-interfaces": 1, "snmp-bridge-ports": 4, "snmp-bridge-table": 8 }[read]);
    for (const { operation, bytes, mask, lengthMax } of templates) {
      assert.equal(lengthMax, undefined);
      assert.equal(operation, read === "snmp-bridge-table" ? "snmp-get-next" : "snmp-get");
      const whole = bytes.map((byte, at) => (mask[at] === 0 ? 0x41 : byte));
      // The bytes of two addresses, those of the community and of the request's number.
      assert.ok(mask.filter((bits) => bits === 0).length <= 6 + 4 + 2 * 12);
      // What every agent takes (RFC 3417, 3.2.1).
      assert.ok(whole.length < 484);
      if (read !== "snmp-bridge-table") assert.equal(snmpPolicy.operation(whole), operation);
    }
  }
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 }), (address) => {
      const index = address.map((byte) =>
        byte < 0x80 ? byte.toString(16).padStart(2, "0") : `81${(byte & 0x7f).toString(16).padStart(2, "0")}`,
      );
      assert.ok(isNextEntry(pair(index.join(" "))));
    }),
  );
});
