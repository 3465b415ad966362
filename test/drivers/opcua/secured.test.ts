/** Secured sessions against a server on node-opcua's own stack: every mode and policy, users, and servers that are not who they should be. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { OPCUACertificateManager } from "node-opcua";
import { type OpcuaStack, startOpcuaStack } from "../../../simulators/opcua/stack.ts";
import type { Credential } from "../../../src/domain/credentials.ts";
import type { MethodInput } from "../../../src/domain/driver.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { type ChannelSecurity, securityPolicies } from "../../../src/domain/security.ts";
import { milliseconds, wallMs } from "../../../src/domain/units.ts";
import { type Closed, isOpen } from "../../../src/domain/wire.ts";
import { opcuaDriverFrom } from "../../../src/drivers/opcua/driver.ts";
import { opcuaEncryptedPolicy, opcuaPolicy } from "../../../src/wire/frames/opcua.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { opcuaCheck } from "../../support/opcua-checks.ts";
import { TestPermit } from "../../support/permits.ts";

const folder = mkdtempSync(path.join(tmpdir(), "watchkeeper-opcua-"));
const driver = opcuaDriverFrom();
let server: OpcuaStack;

before(async () => {
  server = await startOpcuaStack({
    host: "127.0.0.1",
    port: 0,
    folder: path.join(folder, "server"),
    security: (["Sign", "SignAndEncrypt"] as const).flatMap((mode) => securityPolicies.map((policy) => ({ mode, policy }))),
    user: { name: "watch", password: "keeper ä" },
    anonymous: true,
  });
  const check = opcuaCheck({ method: "opcua-read", port: server.port, input: secure("Sign", "Basic256Sha256") });
  const wallNow = wallMs(Date.parse("2026-11-21T12:00:00Z"));
  await driver.prepare({ asks: [check.ask], keysFolder: path.join(folder, "pki"), wallNow });
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function secure(mode: ChannelSecurity["mode"], policy: ChannelSecurity["policy"], file: string = server.certificateFile): MethodInput {
  const certificate = new X509Certificate(readFileSync(file));
  const sha256 = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  const serverCertificate = { der: certificate.raw.toString("base64"), sha256, notAfter: wallMs(Date.parse(certificate.validTo)) };
  return { security: { mode, policy }, serverCertificate };
}

interface Came {
  readonly answers: readonly (Answer | Closed)[];
  readonly permits: readonly TestPermit[];
  readonly closed: Closed;
}

/** Two askings over one connection, and the goodbye. */
async function converse(method: "opcua-read" | "opcua-keepalive", input: MethodInput, credential?: Credential): Promise<Came> {
  const clock = new FakeClock();
  const check = opcuaCheck({ method, port: server.port, intervalMs: 1000, input });
  const policy = input.security?.mode === "SignAndEncrypt" ? opcuaEncryptedPolicy : opcuaPolicy;
  const permits = [TestPermit.for(check, clock), TestPermit.for(check, clock, { connectionsMax: 0 })];
  const wire = await tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) })(permits[0]!, policy);
  assert.ok(isOpen(wire));
  const answers: (Answer | Closed)[] = [];
  const ended = wire.closed;
  const session = await Promise.race([driver.open(wire, check.ask, credential), ended.then(({ detail }) => assert.fail(detail))]);
  for (const permit of permits) {
    wire.lend(permit);
    const answer = await Promise.race([session.ask(check.ask), ended]);
    answers.push(answer);
    if (!("said" in answer) || session.over) break;
    clock.advance(milliseconds(10)).catch(assert.fail);
  }
  const goodbye = TestPermit.for({ ...check, opening: check.closing, asking: check.closing }, clock, { connectionsMax: 0 });
  wire.lend(goodbye);
  await session.leave();
  wire.finish();
  return { answers, permits: [...permits, goodbye], closed: await ended };
}

const user: Credential = { kind: "opcua-user", userName: new Secret("watch"), password: new Secret("keeper ä") };
const naming = (input: MethodInput, credential: Credential): MethodInput => ({
  ...input,
  credentials: { id: "one", kind: credential.kind, nameBytes: 5 },
});

for (const mode of ["Sign", "SignAndEncrypt"] as const)
  for (const policy of securityPolicies)
    describe(`${mode} with ${policy}`, () => {
      for (const method of policy === "Basic256Sha256" ? (["opcua-read", "opcua-keepalive"] as const) : (["opcua-read"] as const))
        test(`${method} is answered twice over one channel, with nothing off the plan`, async () => {
          const { answers, permits, closed } = await converse(method, secure(mode, policy));
          for (const answer of answers) assert.ok("said" in answer && answer.said === "alive", JSON.stringify(answer));
          assert.equal(answers.length, 2);
          assert.deepEqual(
            permits.flatMap(({ violations }) => violations),
            [],
          );
          assert.equal(permits[0]!.sent.requests, method === "opcua-read" ? 5 : 6);
          assert.equal(permits[1]!.sent.requests, 1);
          assert.equal(closed.failure, undefined);
          assert.equal(server.sessionsNow(), 0);
        });

      test("a user comes in with the right password, and not with another", async () => {
        const input = naming(secure(mode, policy), user);
        const { answers } = await converse("opcua-read", input, user);
        assert.ok(
          answers.every((answer) => "said" in answer && answer.said === "alive"),
          JSON.stringify(answers),
        );
        const wrong = { ...user, password: new Secret("wrong") };
        const { answers: refused } = await converse("opcua-read", input, wrong);
        assert.match(JSON.stringify(refused), /ActivateSession: Bad(UserAccessDenied|IdentityTokenRejected)/u);
        assert.doesNotMatch(JSON.stringify(refused), /wrong|keeper ä/u);
      });
    });

test("a user comes in with a certificate and its key, and not with another's key", async () => {
  const [one, other] = [await userKeys("one"), await userKeys("other")];
  const input = naming(secure("SignAndEncrypt", "Basic256Sha256"), one);
  const { answers, permits } = await converse("opcua-read", input, one);
  assert.ok(
    answers.every((answer) => "said" in answer && answer.said === "alive"),
    JSON.stringify(answers),
  );
  assert.deepEqual(
    permits.flatMap(({ violations }) => violations),
    [],
  );
  const { answers: refused } = await converse("opcua-read", input, { ...one, privateKey: other.privateKey });
  assert.match(JSON.stringify(refused), /ActivateSession: Bad(UserSignatureInvalid|IdentityTokenRejected|IdentityTokenInvalid)/u);
  assert.equal(server.sessionsNow(), 0);
});

/** A user's own, signed by itself. */
async function userKeys(name: string): Promise<Extract<Credential, { kind: "opcua-certificate" }>> {
  const manager = new OPCUACertificateManager({ rootFolder: path.join(folder, name), disableFileWatchers: true });
  await manager.initialize();
  const certificateFile = path.join(folder, `${name}.pem`);
  await manager.createSelfSignedCertificate({
    applicationUri: `urn:user:${name}`,
    subject: `/CN=${name}`,
    dns: [],
    ip: [],
    outputFile: certificateFile,
    startDate: new Date(Date.now() - 86_400_000),
    validity: 30,
  });
  await manager.dispose();
  const keyFile = manager.privateKey;
  const [certificate, privateKey] = [readFileSync(certificateFile, "utf8"), new Secret(readFileSync(keyFile, "utf8"))];
  return { kind: "opcua-certificate", certificateFile, keyFile, certificate, privateKey };
}

test("another certificate than the server's is no way in, and nothing is asked in its channel", async () => {
  const requests = new Map(server.counts.requestsByClass);
  const own = path.join(folder, "pki/own/certs/watchkeeper.pem");
  const check = opcuaCheck({ method: "opcua-read", port: server.port, input: secure("SignAndEncrypt", "Basic256Sha256", own) });
  const clock = new FakeClock();
  const permit = TestPermit.for(check, clock);
  const wire = await tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => assert.fail(detail) })(
    permit,
    opcuaEncryptedPolicy,
  );
  assert.ok(isOpen(wire));
  const speaking = driver.open(wire, check.ask).then((session) => session.ask(check.ask));
  const came = await Promise.race([speaking, wire.closed]);
  assert.ok(!("said" in came) || came.said === "degraded", JSON.stringify(came));
  assert.deepEqual(permit.seen, ["opcua-hello", "opcua-open-channel"]);
  assert.deepEqual(server.counts.requestsByClass, requests);
  wire.abort("timeout", "the test is over");
  await wire.closed;
});

test("no request of any exchange was another than a heartbeat's, and GetEndpoints was never asked unbidden", () => {
  assert.deepEqual([...server.counts.requestsByClass.keys()].toSorted(), [
    "ActivateSessionRequest",
    "CloseSessionRequest",
    "CreateSessionRequest",
    "CreateSubscriptionRequest",
    "PublishRequest",
    "ReadRequest",
  ]);
});
