/** GetEndpoints against a server on node-opcua's own stack: one request on a channel without security, and the certificates that it shows. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { startOpcuaStack } from "../../../simulators/opcua/stack.ts";
import { isOpen } from "../../../src/domain/wire.ts";
import { opcuaDriverFrom } from "../../../src/drivers/opcua/driver.ts";
import { opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { opcuaCheck } from "../../support/opcua-checks.ts";
import { TestPermit } from "../../support/permits.ts";

test("the server's certificate is told once, with every way in that shows it, for four messages of ours", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "watchkeeper-endpoints-"));
  const security = [
    { mode: "None" },
    { mode: "Sign", policy: "Basic256Sha256" },
    { mode: "SignAndEncrypt", policy: "Basic256Sha256" },
  ] as const;
  const server = await startOpcuaStack({ host: "127.0.0.1", port: 0, folder, security, anonymous: true });
  try {
    const clock = new FakeClock();
    const check = opcuaCheck({ method: "opcua-get-endpoints", port: server.port });
    const permit = TestPermit.for(check, clock);
    const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) });
    const wire = await dial(permit, opcuaPolicy);
    assert.ok(isOpen(wire));
    const session = await opcuaDriverFrom().open(wire, check.ask);
    const answer = await session.ask(check.ask);
    await session.leave();
    wire.finish();
    await wire.closed;
    assert.ok(answer.said === "alive");
    const der = new X509Certificate(readFileSync(server.certificateFile)).raw.toString("base64");
    assert.deepEqual(answer.certificates, [{ der, offered: ["None", "Sign Basic256Sha256", "SignAndEncrypt Basic256Sha256"] }]);
    assert.deepEqual(permit.seen, ["opcua-hello", "opcua-open-channel", "opcua-get-endpoints", "opcua-close-channel"]);
    assert.deepEqual(Object.fromEntries(server.counts.requestsByClass), { GetEndpointsRequest: 1 });
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});
