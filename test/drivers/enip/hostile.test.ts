/** An EtherNet/IP driver that turned against the plant: whatever it sends, the device receives nothing of it and the violation is known. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type EnipDevice, startEnipDevice } from "../../../simulators/enip/device.ts";
import { isOpen, type OwnedWire } from "../../../src/domain/wire.ts";
import { enipDriverFrom } from "../../../src/drivers/enip/driver.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";
import { tcpDialler, type Violation } from "../../../src/wire/tcp.ts";
import { armTripwire } from "../../../src/wire/tripwire.ts";
import { type UdpDialler, udpDialler } from "../../../src/wire/udp.ts";
import { enipCheck, type EnipCheckOptions } from "../../support/enip-checks.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestPermit } from "../../support/permits.ts";

let device: EnipDevice;
let clock: FakeClock;
let violations: Violation[];
let door: UdpDialler;

beforeEach(async () => {
  device = await startEnipDevice({ host: "127.0.0.1", port: 0 });
  clock = new FakeClock();
  violations = [];
  door = udpDialler({ cutOff: () => undefined, onViolation: (violation) => violations.push(violation) });
});

afterEach(async () => {
  door.close();
  await device.close();
  assert.equal(clock.waiting, 0);
});

interface Grip {
  readonly wire: OwnedWire;
  readonly permit: TestPermit & Parameters<OwnedWire["lend"]>[0];
}

async function dialled(options: Pick<EnipCheckOptions, "method" | "transport">): Promise<Grip> {
  const check = enipCheck({ ...options, port: device.port });
  const permit = TestPermit.for(check, clock, { connectionsMax: check.opening.connectionsMax });
  const overTcp = tcpDialler({ clock, cutOff: () => undefined, onViolation: (violation) => violations.push(violation) });
  const wire = await (check.target.transport === "udp" ? door.dial : overTcp)(permit, enipPolicy);
  assert.ok(isOpen(wire), JSON.stringify(wire));
  return { wire, permit };
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const framed = (command: string, data: string, session = "01000100"): Uint8Array =>
  bytes(`${command}${Buffer.from([data.length / 2, 0]).toString("hex")}${session}00000000 f401000001000000 00000000 ${data}`);
const unconnected = (message: string): string =>
  `000000000500020000000000b200${Buffer.from([message.length / 2, 0]).toString("hex")}${message}`;

const attempts: readonly [what: string, frame: Uint8Array][] = [
  ["List Services, which is a read but not in the plan", framed("0400", "", "00000000")],
  ["Reset of the Identity object", framed("6f00", unconnected("050220012401"))],
  ["Set_Attribute_Single", framed("6f00", unconnected("1003200124013007"))],
  ["Forward_Open", framed("6f00", unconnected("540220062401"))],
  ["a read of another object", framed("6f00", unconnected("010220f52401"))],
  ["a reset passed on to a slot", framed("6f00", unconnected("520220062401047d060005022001240101000103"))],
  ["a read passed on to another network", framed("6f00", unconnected("520220062401047d060001022001240101000203"))],
  ["a read of a slot, which no heartbeat may ask", framed("6f00", unconnected("520220062401047d060001022001240101000103"))],
  ["a connected message", framed("7000", "00000000")],
  ["a lawful frame and a reset behind it", Buffer.concat([framed("6300", "", "00000000"), framed("6f00", unconnected("050220012401"))])],
  ["a frame of another protocol", bytes("000100000006010600000001")],
];

for (const options of [
  { method: "enip-list-identity" },
  { method: "enip-list-identity", transport: "tcp" },
  { method: "enip-identity-object" },
] as const) {
  describe(`a driver that holds the wire of ${JSON.stringify(options)}`, () => {
    for (const [what, frame] of attempts) {
      test(`gets nothing out of ${what}`, async () => {
        const { wire, permit } = await dialled(options);
        wire.send(frame);
        assert.equal((await wire.closed).failure, "guard_blocked");
        assert.equal(permit.violations.length, 1);
        assert.equal(permit.sent.requests, 0);
        await nothingCame();
      });
    }

    test("cannot ask when nobody has lent it a permit", async () => {
      const { wire } = await dialled(options);
      wire.reclaim();
      wire.send(framed("6300", "", "00000000"));
      assert.equal((await wire.closed).failure, "guard_blocked");
      assert.equal(violations.length, 1);
      await nothingCame();
    });
  });
}

test("a driver of List Identity gets no session out, over either transport", async () => {
  for (const transport of ["udp", "tcp"] as const) {
    const { wire, permit } = await dialled({ method: "enip-list-identity", transport });
    void enipDriverFrom(0).open(wire, { what: "identity-object" });
    assert.equal((await wire.closed).failure, "guard_blocked");
    assert.equal(permit.violations.length, 1);
  }
  await nothingCame();
});

test("a driver cannot read twice within one session", async () => {
  const { wire, permit } = await dialled({ method: "enip-identity-object" });
  const session = await enipDriverFrom(0).open(wire, permit.check.ask as never);
  await session.ask(permit.check.ask as never);
  void session.ask(permit.check.ask as never);
  assert.equal((await wire.closed).failure, "guard_blocked");
  assert.equal(permit.violations.length, 1);
  await device.waitUntil(({ openConnections }) => openConnections === 0);
  assert.equal(device.counts.requests, 2);
});

test("the package's own Controller reaches nobody, should anyone load it", async (t) => {
  // The library never clears the timers of its connect().
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const blocked: string[] = [];
  const disarm = armTripwire({ onBlocked: (detail) => blocked.push(detail) });
  try {
    const { Controller } = (await import("st-ethernet-ip")).default as unknown as {
      Controller: new (connected: boolean) => { connect(address: string): Promise<unknown>; on(event: string, run: () => void): void };
    };
    const controller = new Controller(false);
    controller.on("error", () => {});
    await assert.rejects(controller.connect(device.host));
    assert.ok(blocked.length > 0);
  } finally {
    disarm();
    t.mock.timers.reset();
  }
  await nothingCame();
});

/** The device answers what comes after: had anything come before, it would be counted. */
async function nothingCame(): Promise<void> {
  const { wire } = await dialled({ method: "enip-list-identity" });
  const before = device.counts.requests + device.counts.malformedRequests;
  const answered = new Promise((resolve) => wire.onFrame(resolve));
  wire.send(framed("6300", "", "00000000"));
  await answered;
  wire.finish();
  assert.equal(before, 0);
  assert.deepEqual([device.counts.requests, device.counts.malformedRequests, device.counts.writes], [1, 0, 0]);
}
