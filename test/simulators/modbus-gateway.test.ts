/** The simulated serial gateway: one line, whose time dead units take, and which says so or does not. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { startSerialGateway, type SerialGateway } from "../../simulators/modbus/gateway.ts";

const options = {
  host: "127.0.0.1",
  port: 0,
  live: [1],
  dead: [2],
  answerMs: 5,
  responseTimeoutMs: 10,
  retries: 1,
  deadUnits: "exception",
} as const;
const reads = (unit: string): string => `000100000006${unit}0300050001`;

async function ask(gateway: SerialGateway, hex: string): Promise<string> {
  const socket = connect({ host: gateway.host, port: gateway.port });
  socket.write(Buffer.from(hex, "hex"));
  const [reply] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return reply.toString("hex");
}

describe("a serial gateway", () => {
  test("answers for its live units, says 0x0B for dead ones and 0x0A for those it does not know", async () => {
    const gateway = await startSerialGateway(options);
    assert.equal(await ask(gateway, reads("01")), "0001000000050103020005");
    assert.equal(await ask(gateway, reads("02")), "000100000003" + "02830b");
    assert.equal(await ask(gateway, reads("03")), "000100000003" + "03830a");
    const { requests, busyMs, deadBusyMs, connections, queued, requestsByUnit } = gateway.counts;
    assert.deepEqual(
      { requests, busyMs, deadBusyMs, connections, queued },
      { requests: 3, busyMs: 25, deadBusyMs: 20, connections: 3, queued: 0 },
    );
    assert.deepEqual(
      [...requestsByUnit],
      [
        [1, 1],
        [2, 1],
        [3, 1],
      ],
    );
    await gateway.close();
  });

  test("lets a request wait behind a dead unit that its client has long given up on", async () => {
    const gateway = await startSerialGateway({ ...options, deadUnits: "silence" });
    const gone = connect({ host: gateway.host, port: gateway.port });
    gone.write(Buffer.from(reads("02"), "hex"));
    while (gateway.counts.requests === 0) await new Promise(setImmediate);
    gone.resetAndDestroy();
    assert.equal(await ask(gateway, reads("01")), "0001000000050103020005");
    assert.equal(gateway.counts.queued, 1);
    await gateway.close();
  });

  test("hangs up on what is no Modbus", async () => {
    const gateway = await startSerialGateway(options);
    const socket = connect({ host: gateway.host, port: gateway.port });
    socket.end("GET / HTTP/1.1\r\n\r\n");
    socket.resume();
    await once(socket, "close");
    assert.equal(gateway.counts.malformedRequests, 1);
    await gateway.close();
  });
});
