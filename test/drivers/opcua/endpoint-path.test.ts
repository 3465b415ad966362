/** A server that knows itself by an endpoint URL with a path: the path is in every message that names the endpoint, and in the template of HEL. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startOpcuaDevice } from "../../../simulators/opcua/device.ts";
import type { MethodInput } from "../../../src/domain/driver.ts";
import { isOpen } from "../../../src/domain/wire.ts";
import { opcuaDriverFrom } from "../../../src/drivers/opcua/driver.ts";
import { opcuaMethods } from "../../../src/drivers/opcua/methods.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { opcuaCheck, type OpcuaCheckOptions } from "../../support/opcua-checks.ts";
import { TestPermit } from "../../support/permits.ts";

const path = "/UA/Server";
const methods = ["opcua-hello", "opcua-get-endpoints", "opcua-keepalive", "opcua-read"] as const;

async function asked(method: OpcuaCheckOptions["method"], port: number, input: MethodInput) {
  const check = opcuaCheck({ method, port, intervalMs: 1000, input });
  const clock = new FakeClock();
  const frames: Buffer[] = [];
  const policy = { ...opcuaPolicy, operation: (frame: Uint8Array) => (frames.push(Buffer.from(frame)), opcuaPolicy.operation(frame)) };
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) });
  const wire = await dial(TestPermit.for(check, clock), policy);
  assert.ok(isOpen(wire));
  const session = await opcuaDriverFrom().open(wire, check.ask);
  const answer = await session.ask(check.ask);
  await session.leave();
  wire.finish();
  await wire.closed;
  return { answer, naming: frames.filter((frame) => frame.includes(`opc.tcp://127.0.0.1:${port}`)) };
}

test("every message that names the endpoint names its path, and the server answers", async () => {
  const device = await startOpcuaDevice({ host: "127.0.0.1", port: 0, path });
  try {
    for (const method of methods) {
      const { answer, naming } = await asked(method, device.port, { endpoint: { address: "127.0.0.1", port: device.port, path } });
      assert.equal(answer.said, "alive", JSON.stringify(answer));
      // HEL alone, or with GetEndpoints or CreateSession.
      assert.equal(naming.length, method === "opcua-hello" ? 1 : 2, method);
      for (const frame of naming) assert.ok(frame.includes(`:${device.port}${path}`), method);
    }
    const { answer } = await asked("opcua-hello", device.port, {});
    assert.ok(answer.said === "degraded");
    assert.match(
      answer.detail,
      /BadTcpEndpointUrlInvalid .*its path goes under `endpointPath` in the watchlist; the server's words: no such endpoint/u,
    );
  } finally {
    await device.close();
  }
});

test("a path is bound with HEL, named to whoever signs, and no longer than what was approved of a family", () => {
  for (const id of methods) {
    const method = opcuaMethods.find((one) => one.id === id)!;
    const parse = (endpoint: NonNullable<MethodInput["endpoint"]>) => method.parse({ endpoint });
    const parsed = parse({ address: "192.0.2.7", port: 4840, path });
    assert.ok("ask" in parsed);
    const [hello] = [...method.opening(parsed.ask).templates, ...method.asking(parsed.ask).templates];
    assert.equal(Buffer.from(hello!.bytes).toString("latin1", 32), `opc.tcp://192.0.2.7:4840${path}`);
    assert.match(method.describe(parsed.ask), /; endpoint URL opc\.tcp:\/\/192\.0\.2\.7:4840\/UA\/Server$/u);
    const long = parse({ address: "192.0.2.7", port: 4840, path: `/${"a".repeat(40)}` });
    assert.deepEqual("problems" in long && long.problems, [
      `endpointPath: found opc.tcp://192.0.2.7:4840/${"a".repeat(40)}, 65 bytes, expected a URL of at most 64`,
    ]);
  }
});
