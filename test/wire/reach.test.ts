/** When the machine's routes are looked at, and what follows from what cannot be read. */
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { describe, test } from "node:test";
import type { Target } from "../../src/domain/plan.ts";
import { lookAtLinux, Reach, type Seen } from "../../src/wire/reach.ts";
import { FakeClock } from "../support/fake-clock.ts";

const target: Target = { address: "192.0.2.11", port: 502, transport: "tcp", localAddress: "192.0.2.5" };
const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n";
const up: Seen = {
  routes4: `${header}eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n`,
  routes6: "",
  own: [{ interfaceName: "eth0", address: "192.0.2.5", internal: false }],
};
const down: Seen = { routes4: header, routes6: "", own: [] };

function watched(first: Seen | { readonly problem: string } = up) {
  const clock = new FakeClock();
  const machine = { says: first, looks: 0 };
  const reach = new Reach(clock, () => {
    machine.looks += 1;
    return machine.says;
  });
  return { clock, machine, reach };
}

describe("a reach", () => {
  test("looks before its first answer, and again once the last look is older than 50 ms", async () => {
    const { clock, machine, reach } = watched();
    assert.equal(reach.cutOff(target), undefined);
    assert.equal(machine.looks, 1);
    machine.says = down;
    await clock.advance(50);
    assert.equal(reach.cutOff(target), undefined);
    assert.equal(machine.looks, 1);
    await clock.advance(1);
    assert.equal(reach.cutOff(target), "no interface that is up holds 192.0.2.5");
    machine.says = up;
    await clock.advance(51);
    assert.equal(reach.cutOff(target), undefined);
  });
  test("looks with every pulse, and says when the ways are others than at the last one", async () => {
    const { clock, machine, reach } = watched();
    assert.equal(reach.lookAround(), true);
    assert.equal(reach.lookAround(), false);
    machine.says = down;
    await clock.advance(51);
    assert.notEqual(reach.cutOff(target), undefined);
    assert.equal(reach.lookAround(), true, "seen in between, and told all the same");
    assert.equal(reach.lookAround(), false);
  });
  test("cuts everything off when the machine cannot be read", () => {
    const problem = "this machine's routes cannot be read: EMFILE";
    assert.equal(watched({ problem }).reach.cutOff(target), problem);
    const badRow = /^a row of the routing table cannot be read/u;
    assert.match(watched({ ...up, routes4: `${header}eth0\tx\n` }).reach.cutOff(target) ?? "", badRow);
    assert.match(watched({ ...up, routes6: "x\n" }).reach.cutOff(target) ?? "", badRow);
  });
});

describe("this machine", () => {
  const loopback: Target = { address: "127.1.0.9", port: 502, transport: "tcp" };
  test("reaches its own loopback", () => assert.equal(new Reach(new FakeClock()).cutOff(loopback), undefined));
  test("lists its interfaces, and the same text while nothing changes", () => {
    const seen = lookAtLinux();
    assert.ok("own" in seen, JSON.stringify(seen));
    assert.equal(seen.own.length, Object.values(networkInterfaces()).flat().length);
    assert.deepEqual(lookAtLinux(), seen);
  });
});
