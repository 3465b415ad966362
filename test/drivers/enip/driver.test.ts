/** The EtherNet/IP driver on a wire without a network: what it sends, in which order, and what it makes of each reply. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MalformedReply, type Session } from "../../../src/domain/driver.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { fitting } from "../../../src/domain/template.ts";
import { enipDriverFrom } from "../../../src/drivers/enip/driver.ts";
import { type EnipAsk, enipMethods } from "../../../src/drivers/enip/methods.ts";
import { enipPolicy } from "../../../src/wire/frames/enip.ts";
import { enbtIdentity, enipReply, healthyReply, sessionHandle, unconnected } from "../../support/enip-checks.ts";
import { FakeWire } from "../support/fake-wire.ts";

const listIdentity: EnipAsk = { what: "list-identity", transport: "udp" };
const identityObject: EnipAsk = { what: "identity-object" };

type Device = (requestHex: string) => string | undefined;

/** A wire whose device answers at once. */
class AnsweringWire extends FakeWire {
  readonly #device: Device;
  constructor(device: Device) {
    super(enipPolicy);
    this.#device = device;
  }
  override send(frame: Uint8Array): void {
    super.send(frame);
    const reply = this.#device(this.sent.at(-1)!);
    if (reply !== undefined) queueMicrotask(() => this.deliver(reply));
  }
}

async function opened(ask: EnipAsk, device: Device): Promise<{ readonly wire: FakeWire; readonly session: Session<EnipAsk> }> {
  const wire = new AnsweringWire(device);
  return { wire, session: await enipDriverFrom(0).open(wire, ask) };
}

async function answered(ask: EnipAsk, device: Device): Promise<Answer> {
  const { session } = await opened(ask, device);
  return session.ask(ask);
}

const instead =
  (command: string, reply: (requestHex: string) => string): Device =>
  (request) =>
    request.startsWith(command) ? reply(request) : healthyReply(request);

describe("List Identity", () => {
  test("is one frame, and nothing for a goodbye", async () => {
    const { wire, session } = await opened(listIdentity, healthyReply);
    assert.deepEqual(wire.sent, []);
    const answer = await session.ask(listIdentity);
    await session.leave();
    assert.ok(answer.said === "alive");
    assert.equal(answer.identity?.product, "1756-ENBT/A");
    assert.deepEqual(wire.sent, ["630000000000000000000000f40100000100000000000000"]);
  });

  test("counts its sender contexts on, over all connections", async () => {
    const driver = enipDriverFrom(0xffff_fffe);
    const contexts: string[] = [];
    for (let round = 0; round < 3; round++) {
      const wire = new AnsweringWire(healthyReply);
      const session = await driver.open(wire, listIdentity);
      await session.ask(listIdentity);
      contexts.push(wire.sent[0]!.slice(24, 40));
    }
    assert.deepEqual(contexts, ["f4010000ffffffff", "f401000000000000", "f401000001000000"]);
  });

  test("tells an encapsulation error apart from silence", async () => {
    const answer = await answered(listIdentity, (request) => enipReply(request, "", { status: "01000000" }));
    assert.deepEqual(answer, { said: "alive", note: "encapsulation status 0x01 to List Identity: unsupported command" });
  });

  test("does not believe what does not fit", async () => {
    await assert.rejects(
      answered(listIdentity, (request) => enipReply(request, "0000")),
      MalformedReply,
    );
  });

  test("waits for ever where nothing comes, and forgets it on leaving", async () => {
    const { wire, session } = await opened(listIdentity, () => undefined);
    let settled = false;
    void session.ask(listIdentity).finally(() => (settled = true));
    await session.leave();
    wire.deliver(healthyReply(wire.sent[0]!)!);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(!settled);
  });
});

describe("the Identity object", () => {
  test("is read within a session, which is given back once", async () => {
    const { wire, session } = await opened(identityObject, healthyReply);
    const answer = await session.ask(identityObject);
    await session.leave();
    await session.leave();
    assert.ok(answer.said === "alive");
    assert.deepEqual(answer.identity, {
      vendor: "Rockwell Automation",
      vendorCode: "1",
      product: "1756-ENBT/A",
      revision: "4.3",
      serial: "00524d8e",
    });
    assert.deepEqual(wire.sent, [
      "650004000000000000000000f4010000010000000000000001000000",
      `6f001600${sessionHandle}00000000f40100000200000000000000000000000500020000000000b2000600010220012401`,
      `66000000${sessionHandle}00000000f40100000300000000000000`,
    ]);
  });

  test("is asked in frames that fit the templates of its phases", async () => {
    const { wire, session } = await opened(identityObject, healthyReply);
    await session.ask(identityObject);
    await session.leave();
    const method = enipMethods.find(({ id }) => id === "enip-identity-object")!;
    const phases = [method.opening(identityObject), method.asking(identityObject), method.closing(identityObject)];
    for (const [index, { templates }] of phases.entries())
      assert.ok(fitting(templates, Uint8Array.from(Buffer.from(wire.sent[index]!, "hex"))), String(index));
  });

  test("is not asked for where the device gives no session, which is an answer, and there is nothing to give back", async () => {
    const refusing = instead("6500", (request) => enipReply(request, "", { status: "02000000" }));
    const { wire, session } = await opened(identityObject, refusing);
    assert.deepEqual(await session.ask(identityObject), {
      said: "degraded",
      failure: "protocol_error",
      detail: "encapsulation status 0x02 to RegisterSession: no memory left to handle it",
    });
    await session.leave();
    assert.equal(wire.sent.length, 1);
  });

  test("is malformed from a device that gives a session without a handle", async () => {
    await assert.rejects(
      opened(
        identityObject,
        instead("6500", (request) => enipReply(request, "01000000")),
      ),
      /a session handle of 0/,
    );
  });

  test("that the device does not know leaves it alive, and the session is given back", async () => {
    const { wire, session } = await opened(
      identityObject,
      instead("6f00", (request) => enipReply(request, unconnected("81000800"))),
    );
    assert.deepEqual(await session.ask(identityObject), {
      said: "alive",
      note: "CIP status 0x08 to Get_Attributes_All of the Identity object: service not supported",
    });
    await session.leave();
    assert.equal(wire.sent.length, 3);
  });

  test("with a major fault is degraded", async () => {
    const faulted = enbtIdentity.replace("0403" + "3000", "0403" + "3004");
    const answer = await answered(
      identityObject,
      instead("6f00", (request) => enipReply(request, unconnected(`81000000${faulted}`))),
    );
    assert.ok(answer.said === "degraded");
    assert.match(answer.detail, /major recoverable fault/);
  });

  test("within a session that the device has forgotten is an error", async () => {
    const answer = await answered(
      identityObject,
      instead("6f00", (request) => enipReply(request, "", { status: "64000000" })),
    );
    assert.ok(answer.said === "degraded");
    assert.match(answer.detail, /0x64 to SendRRData: invalid session handle/);
  });

  test("is not asked for again once the session was given back", async () => {
    const { session } = await opened(identityObject, healthyReply);
    await session.leave();
    await assert.rejects(session.ask(identityObject), /asked after the session was given back/);
  });
});

describe("a module of the backplane", () => {
  const slot: EnipAsk = { what: "slot-identity", slot: 3 };

  test("is asked within a session, by the module that has the address, in the frame of its template", async () => {
    const { wire, session } = await opened(slot, healthyReply);
    const answer = await session.ask(slot);
    await session.leave();
    assert.ok(answer.said === "alive");
    assert.equal(answer.identity?.product, "1756-ENBT/A");
    assert.deepEqual(
      answer.facts?.find(([name]) => name === "product code"),
      ["product code", "58"],
    );
    const [, read] = wire.sent;
    assert.equal(wire.sent.length, 3);
    const expected = `6f002400${sessionHandle}00000000f4010000020000000000000000000000050002000000 0000b2001400520220062401 047d 0600 010220012401 0100 0103`;
    assert.equal(read, expected.replaceAll(" ", ""));
    const method = enipMethods.find(({ id }) => id === "enip-identity-object")!;
    assert.ok(fitting(method.asking(slot).templates, Uint8Array.from(Buffer.from(read, "hex"))));
  });

  test("of a device that knows no Unconnected_Send is answered, and the session given back", async () => {
    const { wire, session } = await opened(
      slot,
      instead("6f00", (request) => enipReply(request, unconnected("d2000800"))),
    );
    assert.deepEqual(await session.ask(slot), {
      said: "alive",
      note: "the device passes nothing on to a backplane (CIP status 0x08 (service not supported) to a question for slot 3)",
    });
    await session.leave();
    assert.equal(wire.sent.length, 3);
  });
});

test("nothing of st-ethernet-ip but its builders is loaded", async () => {
  await enipDriverFrom(0).prepare();
  const { createRequire } = await import("node:module");
  const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes("st-ethernet-ip"));
  assert.ok(loaded.length > 0);
  for (const file of loaded) assert.match(file, /dist\/enip\/(encapsulation|cip\/message-router|cip\/epath|cip\/unconnected-send)\//u);
});
