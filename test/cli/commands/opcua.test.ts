/** `opcua trust`: a certificate is shown in full, compared by a person, written down with name and reason, and never replaced unasked. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { opcua } from "../../../src/cli/commands/opcua.ts";
import type { ControlReply } from "../../../src/domain/control.ts";
import { projectRoot } from "../../support/source-tree.ts";
import { TestSite, type Ran } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  watch("{method: opcua-get-endpoints, interval: 1h}");
});
afterEach(() => site.remove());

function watch(check: string): void {
  site.write(
    "watchlist.yaml",
    `schema: watchlist/v1
segments:
  - {id: hvac, zone: OT-1, subnet: 192.0.2.0/24, localAddress: 192.0.2.5}
devices:
  - {id: hmi-2, name: HMI, address: 192.0.2.11, segment: hvac, function: monitoring, category: I, profile: generic-opcua,
     statements: {otherClients: [], watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}},
     checks: [${check}]}
  - {id: plc-1, name: PLC, address: 192.0.2.12, segment: hvac, function: monitoring, category: I, profile: generic-modbus-tcp,
     checks: [{method: modbus-fc43, unitId: 1}]}
`,
  );
  mkdirSync(path.join(site.folder, "device-profiles"), { recursive: true });
}

const file = (name: string): string => path.join(projectRoot, "test/fixtures/certificates", `${name}.pem`);
const certificate = (name: string): X509Certificate => new X509Certificate(readFileSync(file(name)));
const sha256 = (name: string): string => certificate(name).fingerprint256.replaceAll(":", "").toLowerCase();
const signed = ["--by", "eto-1", "--reason", "read off the panel"];
const pinned = (): string => path.join(site.folder, "state/pki/servers/hmi-2.pem");

/** Somebody at the terminal who answers so. */
function person(answer: string | undefined): { prompt: (question: string) => Promise<string | undefined> } {
  return { prompt: () => Promise.resolve(answer) };
}
function trust(argv: readonly string[], answer?: string): Promise<Ran> {
  return site.run(opcua, ["trust", "hmi-2", ...argv, ...signed], answer === undefined ? {} : person(answer));
}
/** A poller that got these certificates. */
function shows(
  names: readonly string[],
  offered: readonly (readonly string[])[] = names.map(() => ["SignAndEncrypt Basic256Sha256"]),
  askedNow = true,
): ControlReply<"certificates"> {
  const certificates = names.map((name, index) => ({ der: certificate(name).raw.toString("base64"), offered: offered[index] ?? [] }));
  return {
    ok: true,
    result: { device: "hmi-2", check: "hmi-2/opcua-get-endpoints", at: "2026-11-21T12:00:00.000Z", askedNow, certificates },
  };
}
async function poller(reply: ControlReply<"certificates">): Promise<void> {
  await site.poller({
    certificates: () => Promise.resolve(reply),
    audit: () => Promise.resolve({ ok: true, result: { at: "2026-11-21T12:00:00.000Z" } }),
  });
}

describe("opcua trust", () => {
  test("asks the poller once, shows everything, and writes what a person has compared, for nobody else to read", async () => {
    await poller(shows(["good"]));
    const { code, out, err } = await trust([], sha256("good").slice(-8).toUpperCase());
    assert.equal(code, 0, err);
    for (const part of [
      "CN=HMI 2, O=Acme",
      "(signed by itself)",
      "IP Address:192.0.2.11",
      "2026-01-01 00:00 to 2031-01-01 00:00 UTC",
      "RSA, 2048 bits",
    ])
      assert.ok(err.includes(part), part);
    assert.ok(err.includes(certificate("good").fingerprint256));
    assert.doesNotMatch(err, /WARNING/u);
    assert.equal(readFileSync(pinned(), "utf8"), readFileSync(file("good"), "utf8"));
    assert.equal(statSync(pinned()).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(pinned())).mode & 0o777, 0o700);
    assert.match(out, /^Written: FOLDER\/state\/pki\/servers\/hmi-2\.pem\n.*hmi-2\/opcua-get-endpoints is not asked/u);
    assert.match(out, /put one in place of opcua-get-endpoints.*watchkeeper approve.*watchkeeper reload/su);
    const [asked, record] = site.sent;
    assert.deepEqual(asked, ["certificates", { device: "hmi-2" }]);
    assert.deepEqual(record?.[1], {
      source: "eto-1",
      category: "approval",
      type: "certificate_pinned",
      result: "success",
      detail: `hmi-2: certificate SHA-256 ${sha256("good")}, from hmi-2/opcua-get-endpoints at 2026-11-21T12:00:00.000Z: read off the panel`,
    });
    assert.equal(site.sent.length, 2);
  });

  test("pins nothing where the digits are others, or the person gives up", async () => {
    await poller(shows(["good"]));
    for (const answer of ["00000000", "", "yes"]) assert.match((await trust([], answer)).err, /hmi-2: nothing is pinned$/u);
    assert.equal((await site.run(opcua, ["trust", "hmi-2", ...signed], person(undefined))).code, 1);
    assert.throws(() => statSync(pinned()), /ENOENT/u);
    assert.ok(site.sent.every(([command]) => command === "certificates"));
  });

  test("takes a file without asking anybody, with or without a poller, and the fingerprint from a script", async () => {
    const colons = certificate("good").fingerprint256;
    const { code, out } = await trust(["--file", file("good"), "--fingerprint", colons, "--json"]);
    assert.equal(code, 0);
    assert.partialDeepStrictEqual(JSON.parse(out), { device: "hmi-2", sha256: sha256("good"), warnings: [] });
    assert.deepEqual(site.sent, []);
    assert.deepEqual(
      site.state.audit.map(({ source, type }) => [source, type]),
      [["eto-1", "certificate_pinned"]],
    );
    assert.equal(readFileSync(pinned(), "utf8"), readFileSync(file("good"), "utf8"));
  });

  test("refuses another fingerprint than the script's, and a script without one before anything is asked", async () => {
    await poller(shows(["good"]));
    const other = await trust(["--fingerprint", sha256("other")]);
    assert.match(other.err, /found the fingerprint [0-9a-f]{64}, expected [0-9a-f]{64}; nothing is pinned/u);
    const before = site.sent.length;
    assert.equal((await trust([])).code, 2);
    assert.equal((await trust(["--json"], "x")).code, 2);
    assert.equal((await trust(["--fingerprint", "abcd"])).code, 2);
    assert.equal(site.sent.length, before);
  });

  test("replaces a certificate only where that is said, and shows both", async () => {
    await trust(["--file", file("good"), "--fingerprint", sha256("good")]);
    await poller(shows(["other"]));
    const refused = await trust([], sha256("other").slice(-8));
    assert.match(refused.err, new RegExp(`pinned already, SHA-256 ${sha256("good")}; .*--replace`, "u"));
    assert.deepEqual(site.sent, []);
    const { code, err } = await trust(["--replace"], sha256("other").slice(-8));
    assert.equal(code, 0);
    for (const name of ["good", "other"]) assert.ok(err.includes(certificate(name).fingerprint256));
    assert.match(JSON.stringify(site.sent), new RegExp(`SHA-256 ${sha256("other")} in place of SHA-256 ${sha256("good")}`, "u"));
    assert.equal(readFileSync(pinned(), "utf8"), readFileSync(file("other"), "utf8"));
    const again = await trust(["--replace", "--file", file("other")], "no");
    assert.deepEqual([again.code, again.out], [0, "hmi-2: this certificate is the one that is pinned; nothing is changed"]);
  });

  test("says of something else in its place that it is none, and puts a certificate there where that is wanted", async () => {
    mkdirSync(path.dirname(pinned()), { recursive: true });
    writeFileSync(pinned(), "hello");
    const brought = ["--file", file("good"), "--fingerprint", sha256("good")];
    assert.match((await trust(brought)).err, /though FOLDER\/.*hmi-2\.pem holds none that can be read; .*--replace/u);
    assert.equal((await trust([...brought, "--replace"])).code, 0);
  });

  test("warns of what is wrong, and of a server that does not offer what the watchlist wants", async () => {
    watch("{method: opcua-read, interval: 60s, security: {mode: SignAndEncrypt, policy: Basic256Sha256}}");
    await poller(shows(["weak"], [["None", "Sign Basic256Sha256"]], false));
    const { code, out, err } = await trust([], sha256("weak").slice(-8));
    assert.equal(code, 0);
    assert.match(err, /^Asked on schedule a moment ago: this is what it showed at 2026-11-21T12:00:00/u);
    assert.match(err, /WARNING: it is not valid before 2027/u);
    assert.match(err, /WARNING: its key has 1024 bits/u);
    assert.match(err, /WARNING: it is not made out to 192\.0\.2\.11/u);
    assert.match(
      err,
      /WARNING: the server does not offer SignAndEncrypt Basic256Sha256, which the watchlist wants; it offers None, Sign Basic256Sha256/u,
    );
    assert.match(out, /hmi-2\/opcua-read is not asked/u);
    assert.doesNotMatch(out, /No check of hmi-2 has security yet/u);
  });

  test("takes of several certificates the one that the check would meet, or the one that is named", async () => {
    watch("{method: opcua-read, interval: 60s, security: {mode: SignAndEncrypt, policy: Basic256Sha256}}");
    await poller(shows(["good", "other"], [["Sign Basic256Sha256"], ["SignAndEncrypt Basic256Sha256"]]));
    assert.equal((await trust([], sha256("other").slice(-8))).code, 0);
    const named = await trust(["--replace", "--fingerprint", sha256("good"), "--json"]);
    assert.partialDeepStrictEqual(JSON.parse(named.out), { sha256: sha256("good") });
    watch("{method: opcua-get-endpoints, interval: 1h}");
    assert.match((await trust(["--replace"], "x")).err, /shows 2 certificates, expected one; choose by --fingerprint: /u);
  });

  test("hands on why the poller did not get one, and without a poller says what to do", async () => {
    assert.match((await trust([], "x")).err, /no poller runs for this site.*bring the certificate: --file/u);
    await poller({ ok: false, problems: ["hmi-2/opcua-get-endpoints: not asked: asked less than an interval ago"] });
    assert.match((await trust([], "x")).err, /asked less than an interval ago/u);
  });

  test("refuses a device that is not listed or not asked over OPC UA, a file that is none, and another word", async () => {
    const run = (words: readonly string[]): Promise<Ran> => site.run(opcua, [...words, ...signed], person("x"));
    assert.match((await run(["trust", "hmi-3"])).err, /no such device in the watchlist; did you mean hmi-2\?/u);
    assert.match((await run(["trust", "plc-1"])).err, /found no OPC UA check in the watchlist/u);
    assert.match(
      (await trust(["--file", path.join(site.folder, "watchlist.yaml")], "x")).err,
      /found no certificate, expected one in PEM or DER/u,
    );
    assert.match((await trust(["--file", "nowhere.pem"], "x")).err, /cannot be read \(ENOENT/u);
    assert.equal((await run(["distrust", "hmi-2"])).code, 2);
    assert.equal((await site.run(opcua, ["trust", "hmi-2"], person("x"))).code, 2);
  });

  test("writes nothing that the audit does not hold", async () => {
    site.state.problem = "disk full";
    const { code, err } = await trust(["--file", file("good"), "--fingerprint", sha256("good")]);
    assert.equal(code, 1);
    assert.match(err, /disk full\n.*a change without its audit record does not happen/u);
    assert.throws(() => statSync(pinned()), /ENOENT/u);
  });
});
