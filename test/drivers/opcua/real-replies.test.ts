/** Replies of OPC UA servers that nobody here wrote: each is framed and matched, and open62541's lead the driver through a session. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Wire } from "../../../src/domain/wire.ts";
import { opcuaDriver } from "../../../src/drivers/opcua/driver.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { opcuaCheck } from "../../support/opcua-checks.ts";

interface Recorded {
  readonly kind: string;
  readonly hex: string;
  readonly len: number;
  readonly request?: string;
}

function recorded(file: string): readonly Recorded[] {
  return JSON.parse(readFileSync(new URL(`../../fixtures/real-replies/${file}.json`, import.meta.url), "utf8")) as readonly Recorded[];
}

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const open62541 = recorded("opcua-open62541");

test("each reply is one whole frame, and no shorter part of it is", () => {
  const replies = [...recorded("opcua-captures"), ...open62541];
  assert.ok(replies.length >= 20);
  for (const { kind, hex, len } of replies) {
    const bytes = fromHex(hex);
    assert.equal(bytes.length, len, kind);
    assert.equal(opcuaPolicy.frameLength(bytes, "in"), len, kind);
    for (let part = 0; part < len; part += len > 1000 ? 97 : 1)
      assert.equal(opcuaPolicy.frameLength(bytes.subarray(0, part), "in"), 0, kind);
  }
});

test("each reply answers the request that it was given to, and none of the others", () => {
  const pairs = open62541.map(({ kind, hex, request = "" }) => ({ kind, reply: fromHex(hex), request: fromHex(request) }));
  for (const [index, { kind, reply }] of pairs.entries()) {
    const answered = pairs.flatMap(({ request }, other) => (opcuaPolicy.answers(request, reply) ? [other] : []));
    assert.deepEqual(answered, [index], kind);
  }
});

test("open62541's replies lead the driver from HEL to a keep-alive and back", async () => {
  const left = [...open62541];
  const asked: string[] = [];
  const listeners: ((frame: Uint8Array) => void)[] = [];
  const check = opcuaCheck({ method: "opcua-keepalive", port: 4840, intervalMs: 4000 });
  const wire: Wire = {
    target: check.target,
    closed: new Promise(() => {}),
    onFrame: (listener) => void listeners.push(listener),
    send(frame) {
      asked.push(opcuaPolicy.operation(frame) ?? "nothing that a heartbeat sends");
      const reply = left.shift();
      if (reply) queueMicrotask(() => listeners.forEach((listen) => listen(renumbered(reply, frame))));
    },
  };
  await opcuaDriver.prepare();
  const session = await opcuaDriver.open(wire, check.ask as never);
  for (let asking = 0; asking < 4; asking += 1) assert.deepEqual(await session.ask(check.ask as never), { said: "alive" });
  await session.leave();
  const begin = ["opcua-hello", "opcua-open-channel", "opcua-create-session", "opcua-activate-session", "opcua-create-subscription"];
  assert.deepEqual(asked, [...begin, ...Array.from({ length: 4 }, () => "opcua-publish"), "opcua-close-session", "opcua-close-channel"]);
});

/** The reply with the request id and the handle of the request that is out: the library numbers them as it goes. */
function renumbered({ hex }: Recorded, asking: Uint8Array): Uint8Array {
  const reply = Uint8Array.from(Buffer.from(hex, "hex"));
  if (String.fromCharCode(...reply.subarray(0, 3)) !== "MSG") return reply;
  const [requestIdAt, tokenAt, handleAt] = [20, 28, 36];
  reply.set(asking.subarray(requestIdAt, requestIdAt + 4), requestIdAt);
  // By the first byte of the authentication token, a node id: its length; a time stamp stands between it and the handle.
  const askedAt = tokenAt + { 0: 2, 1: 4, 2: 7, 4: 19 }[asking[tokenAt] as 0 | 1 | 2 | 4] + 8;
  reply.set(asking.subarray(askedAt, askedAt + 4), handleAt);
  return reply;
}
