/** Static neighbours: one command for each address that is asked and whose one MAC address is known. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceId, SegmentId } from "../../src/domain/plan.ts";
import { neighbourLines } from "../../src/fence/neighbours.ts";
import { segments } from "./support/small-plan.ts";

test("each address that is asked has a command, or a remark why not; who is not asked has none", () => {
  const place = (address: string, segment = "hvac") => ({ address, segment: segment as SegmentId });
  const device = (id: string, address: string, ...macs: string[]) => ({ id: id as DeviceId, address, macs });
  const lines = neighbourLines(
    [place("10.20.1.11"), place("10.20.1.11"), place("10.20.1.12"), place("10.20.1.13"), place("2001:db8::16", "bridge")],
    segments,
    [
      device("plc-1", "10.20.1.11", "00:80:f4:00:00:01"),
      device("plc-2", "10.20.1.12"),
      device("plc-3", "10.20.1.13", "00:80:f4:00:00:03", "00:80:f4:00:00:04"),
      device("plc-4", "10.20.1.14", "00:80:f4:00:00:05"),
      device("plc-6", "2001:DB8:0::16", "00:80:f4:00:00:06"),
    ],
  );
  assert.deepEqual(lines, [
    "ip neigh replace 10.20.1.11 lladdr 00:80:f4:00:00:01 dev eth1 nud permanent",
    "# 10.20.1.12: no device with this address has a MAC address under macs",
    "# 10.20.1.13: found 2 MAC addresses (00:80:f4:00:00:03, 00:80:f4:00:00:04), expected one: which of them answers may change",
    "ip neigh replace 2001:db8::16 lladdr 00:80:f4:00:00:06 dev eth2 nud permanent",
  ]);
});
