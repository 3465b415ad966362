/** What this computer says of itself, read from the kernel's own tables. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gatewaysV4, gatewaysV6, machine } from "../../src/cli/machine.ts";

const routes = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0102A8C0	0003	0	0	0	00000000	0	0	0
eth0	0002A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	00000000	00000000	0001	0	0	0	00000000	0	0	0
`;
const zeros = "0".repeat(32);

describe("the default gateways", () => {
  test("of IPv4 are read in the kernel's byte order; a route without one is none", () => {
    assert.deepEqual(gatewaysV4(routes), ["192.168.2.1"]);
  });

  test("of IPv6 are written as RFC 5952 has it", () => {
    const table = [
      `fd000000000000000000000000000000 40 ${zeros} 00 ${zeros} 00000100 00000001 00000000 00000001     eth0`,
      `${zeros} 00 ${zeros} 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0`,
      `${zeros} 00 ${zeros} 00 ${zeros} ffffffff 00000001 00000000 00200200       lo`,
    ].join("\n");
    assert.deepEqual(gatewaysV6(table), ["fd00::1"]);
  });

  test("are none where the tables are empty or of another form", () => {
    assert.deepEqual([...gatewaysV4(""), ...gatewaysV4("eth0\t00000000\tnone"), ...gatewaysV6(""), ...gatewaysV6(`${zeros} 00`)], []);
  });
});

test("this computer has addresses and kernel settings", () => {
  const { ownAddresses, sysctls } = machine();
  assert.ok(ownAddresses.length > 0);
  assert.ok(Object.values(sysctls).every((value) => Number.isInteger(value) && value >= 0));
});
