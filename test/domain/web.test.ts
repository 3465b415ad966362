/** What a changed web configuration no longer asks for is seen, and what it asks for beyond is none of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../../src/domain/secret.ts";
import { wallMs } from "../../src/domain/units.ts";
import { askedNoMore, asksWho, openWeb, type ClientAuthType, type WebConfig, type WebTls } from "../../src/domain/web.ts";

const withUsers = (...names: readonly string[]): WebConfig => ({
  ...openWeb,
  users: new Map(names.map((name) => [name, new Secret("x")])),
});
const withTls = (clientAuth: ClientAuthType, clientAllowedSans: readonly string[] = []): WebConfig => {
  const tls: WebTls = {
    certificate: "",
    key: new Secret("x"),
    clientAuth,
    clientAllowedSans,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    preferServerCiphers: true,
    notAfter: wallMs(0),
    names: [],
  };
  return { ...openWeb, tls };
};

test("an empty file no longer asks for anything that was asked for", () => {
  const verified = withTls("RequireAndVerifyClientCert", ["eto"]);
  const before: WebConfig = { ...verified, users: withUsers("eto").users, headers: { "X-Frame-Options": "deny" } };
  assert.deepEqual(askedNoMore(before, openWeb), [
    "passwords",
    "TLS",
    "clients' certificates as before",
    "names in clients' certificates",
    "the header X-Frame-Options",
  ]);
  assert.deepEqual(askedNoMore(before, before), []);
  assert.deepEqual(askedNoMore(openWeb, before), [], "what is asked for beyond");
});

test("clients' certificates are asked for less where they need not be shown, or be good, or bear a name", () => {
  const verified = withTls("RequireAndVerifyClientCert");
  for (const auth of ["NoClientCert", "RequestClientCert", "VerifyClientCertIfGiven", "RequireAnyClientCert"] as const) {
    assert.deepEqual(askedNoMore(verified, withTls(auth)), ["clients' certificates as before"], auth);
    assert.deepEqual(askedNoMore(withTls(auth), verified), [], auth);
  }
  const named = withTls("RequireAndVerifyClientCert", ["eto"]);
  assert.deepEqual(askedNoMore(named, verified), ["names in clients' certificates"]);
  assert.deepEqual(askedNoMore(named, withTls("RequireAndVerifyClientCert", ["chief"])), []);
});

test("fewer users let in fewer", () => {
  assert.deepEqual(askedNoMore(withUsers("a", "b"), withUsers("a")), []);
  assert.deepEqual(askedNoMore(withUsers("a"), withUsers()), ["passwords"]);
});

test("somebody is asked who he is by a password, or by a certificate that is verified", () => {
  assert.deepEqual([openWeb, withUsers("a"), withTls("RequireAnyClientCert"), withTls("RequireAndVerifyClientCert")].map(asksWho), [
    false,
    true,
    false,
    true,
  ]);
});
