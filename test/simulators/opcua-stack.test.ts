/** The simulated OPC UA server on node-opcua: encrypted sessions, counted, with a valid and with an expired certificate. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AttributeIds, UserTokenType } from "node-opcua";
import { startOpcuaStack } from "../../simulators/opcua/stack.ts";
import { opcuaClient, urlOf } from "./opcua-client.ts";

for (const certificate of ["valid", "expired"] as const) {
  test(`an encrypted session with a user, on a server with a certificate that is ${certificate}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "opcua-stack-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const server = await startOpcuaStack({
      host: "127.0.0.1",
      port: 0,
      folder,
      certificate,
      security: [{ mode: "None" }, { mode: "SignAndEncrypt", policy: "Basic256Sha256" }],
      user: { name: "watch", password: "keeper" },
    });
    t.after(() => server.close());
    const { validToDate } = new X509Certificate(readFileSync(server.certificateFile));
    assert.equal(validToDate.getTime() < Date.now(), certificate === "expired");
    const client = await opcuaClient(t, { encrypted: true });
    await client.connect(urlOf(server));
    await assert.rejects(client.createSession({ type: UserTokenType.Anonymous }));
    await assert.rejects(client.createSession({ type: UserTokenType.UserName, userName: "watch", password: "wrong" }));
    const session = await client.createSession({ type: UserTokenType.UserName, userName: "watch", password: "keeper" });
    const state = await session.read({ nodeId: "i=2259", attributeId: AttributeIds.Value });
    assert.deepEqual([state.value.value, server.sessionsNow()], [0, 1]);
    await session.close();
    assert.deepEqual([server.sessionsNow(), server.counts.requestsByClass.get("ReadRequest")], [0, 1]);
  });
}
