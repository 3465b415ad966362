/** OPC UA checks of a watchlist: kept connections, security, pinned certificates and users, and what an approval binds of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CheckId, DeviceId } from "../../../src/domain/plan.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type { PinnedCertificate } from "../../../src/domain/security.ts";
import { wallMs } from "../../../src/domain/units.ts";
import {
  approved,
  compiledFrom,
  documented,
  rawDevice,
  rawProfile,
  rawSite,
  refusals,
  today,
  type Raw,
  type RawSite,
} from "./support/site.ts";

const allowed: Raw = { decision: "allow", reason: "a read", support: documented("yes") };
const profiles = {
  "test-plc": rawProfile({
    methods: {
      "opcua-hello": allowed,
      "opcua-keepalive": allowed,
      "opcua-read": allowed,
      "opcua-get-endpoints": allowed,
      "icmp-echo": allowed,
    },
  }),
};
const certificate: PinnedCertificate = { der: "AAAA", sha256: "ab".repeat(32), notAfter: wallMs(Date.parse("2027-06-01")) };
const security: Raw = { mode: "SignAndEncrypt", policy: "Basic256Sha256" };

function site(check: Raw | Raw[], pinned?: PinnedCertificate): RawSite {
  const raw = rawSite([rawDevice(1, { checks: Array.isArray(check) ? check : [check] })], { profiles });
  return pinned === undefined ? raw : { ...raw, serverCertificates: new Map([["plc-1" as DeviceId, pinned]]) };
}
const id = (method: string): CheckId => `plc-1/${method}` as CheckId;

describe("an OPC UA check", () => {
  test("keeps its session, and a hello its connection for one question, whatever the profile says of connections", () => {
    const kept = compiledFrom(approved(site({ method: "opcua-keepalive", interval: "60s" })));
    assert.deepEqual(refusals(kept), []);
    const check = kept.plan.checks.get(id("opcua-keepalive"))!;
    assert.equal(check.connection, "kept");
    assert.ok(check.answerWithin > 45_000 && check.answerWithin < 60_000, String(check.answerWithin));
    assert.equal(check.asking.requestsMax, 2);
    assert.equal(compiledFrom(approved(site({ method: "opcua-hello" }))).plan.checks.get(id("opcua-hello"))?.connection, "fresh");
  });

  test("that keeps a session is alone at its address", () => {
    const { problems } = compiledFrom(site([{ method: "opcua-keepalive" }, { method: "icmp-echo" }]));
    assert.deepEqual(
      problems.map(({ found, expected }) => [found, expected]),
      [["opcua-keepalive beside plc-1/icmp-echo", "no other check of this address: its session would be closed and opened again for each"]],
    );
    assert.deepEqual(compiledFrom(site([{ method: "opcua-hello" }, { method: "icmp-echo" }])).problems, []);
  });

  test("with security is not asked without the server's certificate, and the refusal says where it goes", () => {
    const { plan } = compiledFrom(approved(site({ method: "opcua-read", security })));
    const [refusal] = [...plan.refused.values()];
    assert.equal(refusal?.reason, "statement_missing");
    assert.match(refusal.detail, /no certificate of the server is pinned: .*\/site\/state\/pki\/servers\/plc-1\.pem/u);
  });

  test("is asked no longer than that certificate lasts", () => {
    const raw = approved(site({ method: "opcua-read", security }, certificate));
    assert.equal(compiledFrom(raw).plan.checks.get(id("opcua-read"))?.approvedUntil, certificate.notAfter);
    const later = compiledFrom(raw, certificate.notAfter);
    assert.match([...later.plan.refused.values()][0]?.detail ?? "", /the pinned certificate of the server ended on 2027-05-31/u);
  });

  test("and the poller's own are announced 60 days before their end; the plan knows when the server's ends", () => {
    const raw = approved(site({ method: "opcua-read", security }, certificate));
    const { plan, certificates } = compiledFrom(raw);
    const { sha256, notAfter } = certificate;
    assert.deepEqual(plan.devices.get("plc-1" as DeviceId)?.serverCertificate, { sha256, notAfter });
    assert.deepEqual(plan.checks.get(id("opcua-read"))?.security, security);
    assert.deepEqual(certificates, []);
    const soon = wallMs(notAfter - 10 * 86_400_000);
    assert.match(compiledFrom(raw, soon).certificates.join(), /^the pinned certificate of plc-1 ends on 2027-05-31, in 10 d/u);
    const own = { ...certificate, notAfter: soon };
    assert.match(
      compiledFrom({ ...raw, ownCertificate: own }, soon).certificates[0] ?? "",
      /^the poller's own OPC UA certificate ENDED on/u,
    );
  });

  test("is another one with another certificate, mode or policy, and what was approved does not admit it", () => {
    const raw = approved(site({ method: "opcua-read", security }, certificate));
    assert.deepEqual(refusals(compiledFrom(raw)), []);
    const other = { ...certificate, sha256: "cd".repeat(32) };
    const renewed: RawSite = { ...raw, serverCertificates: new Map([["plc-1" as DeviceId, other]]) };
    assert.deepEqual(refusals(compiledFrom(renewed)), ["plc-1/opcua-read not_admitted"]);
    const unsecured: RawSite = { ...raw, watchlist: site({ method: "opcua-read" }).watchlist };
    assert.match(refusals(compiledFrom(unsecured)).join(), /not_admitted/u);
    const signed = site({ method: "opcua-read", security: { mode: "Sign", policy: "Aes128_Sha256_RsaOaep" } }).watchlist;
    assert.match(refusals(compiledFrom({ ...raw, watchlist: signed })).join(), /not_admitted/u);
  });

  test("shows of an encrypted message only its kind, and of others their service", () => {
    const operations = (raw: RawSite): string[] =>
      compiledFrom(approved(raw))
        .plan.checks.get(id("opcua-read"))!
        .asking.templates.map(({ operation }) => operation);
    assert.deepEqual(operations(site({ method: "opcua-read" })), ["opcua-open-channel", "opcua-read"]);
    assert.deepEqual(operations(site({ method: "opcua-read", security }, certificate)), ["opcua-open-channel", "opcua-secured-message"]);
    const signed = site({ method: "opcua-read", security: { ...security, mode: "Sign" } }, certificate);
    assert.deepEqual(operations(signed), ["opcua-open-channel", "opcua-read"]);
  });

  test("names no user without security, and none of another protocol", () => {
    const credentials = new Map([["watch", { kind: "opcua-user", userName: new Secret("u"), password: new Secret("p") }]] as const);
    const open = compiledFrom({ ...site({ method: "opcua-read", credentials: "watch" }), credentials });
    assert.match(open.problems[0]?.found ?? "", /credentials: found opcua-user without security/u);
    const secured = { ...site({ method: "opcua-read", credentials: "watch", security }, certificate), credentials };
    assert.deepEqual(refusals(compiledFrom(approved(secured))), []);
  });

  test("that knows no security, units or registers refuses them", () => {
    assert.match(
      compiledFrom(site({ method: "opcua-hello", security })).problems[0]?.expected ?? "",
      /opcua-hello knows of no secured channel/u,
    );
    assert.match(compiledFrom(site({ method: "opcua-hello", unitId: 1 })).problems[0]?.found ?? "", /OPC UA has no units/u);
  });

  test("is approved until the approval ends where there is no certificate", () => {
    const { plan } = compiledFrom(approved(site({ method: "opcua-hello" })), today);
    assert.ok(plan.checks.get(id("opcua-hello"))!.approvedUntil > certificate.notAfter);
  });
});
