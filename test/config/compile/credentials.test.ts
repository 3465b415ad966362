/** An approval binds which credential is used: renewing what is in it voids nothing, another credential does, and no plan holds a word of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { compile, type Compiled } from "../../../src/config/compile/compile.ts";
import { planJson, usualSysctls } from "../../../src/config/plan-json.ts";
import { shapeOf, type Credential, type Credentials } from "../../../src/domain/credentials.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { methods } from "../../../src/drivers/registry.ts";
import { community, user } from "../../support/snmp-checks.ts";
import { device, loaded, rawApproval, rawDevice, rawProfile, rawSite, today, type RawSite } from "./support/site.ts";

const secret = (text: string): Credential => ({ kind: "snmp-v2c", community: new Secret(text) });

function site(credentials: Credentials, named = "switches", method = "snmp-get"): RawSite {
  const check = { method, ...(named === "" ? {} : { credentials: named }) };
  const profiles = { "test-plc": rawProfile({ identification: { vendors: [], products: [] } }) };
  return { ...rawSite([rawDevice(1, { checks: [check] })], { profiles }), credentials };
}

function compiled(raw: RawSite, approval?: Compiled): Compiled {
  const siteProfiles = approval ? { "test-plc": { approval: rawApproval(approval, "test-plc") } } : {};
  return compile(loaded({ ...raw, siteProfiles }), { methods, wallNow: today, lab: false });
}

const before = compiled(site(new Map([["switches", secret("first-word")]])));
const reasons = ({ plan }: Compiled): readonly string[] => [...plan.refused.values()].map(({ reason }) => reason);

describe("an approved device stays admitted", () => {
  for (const [what, text] of [
    ["as it was", "first-word"],
    ["with a community of the same length", "other-word"],
    ["with a longer one", "a-much-longer-word-than-before"],
  ] as const) {
    test(what, () => {
      const now = compiled(site(new Map([["switches", secret(text)]])), before);
      assert.deepEqual(reasons(now), []);
      const [check] = now.plan.checks.values();
      assert.deepEqual(check?.credentials, { id: "switches", kind: "snmp-v2c" });
      // The plan itself is exact: the frame has the community's real length.
      const length = check!.asking.templates[0]!.bytes.length;
      assert.equal(length, before.proposals.get(check!.id)!.check.asking.templates[0]!.bytes.length + text.length - "first-word".length);
      const shown = inspect(now, { depth: 20 }) + JSON.stringify(planJson(now, usualSysctls));
      for (const leak of [text, Buffer.from(text).toString("hex")]) assert.ok(!shown.includes(leak), leak);
    });
  }
});

test("another credential, or one of another kind, is to be looked at again", () => {
  const both = new Map([
    ["switches", secret("first-word")],
    ["others", secret("first-word")],
  ]);
  assert.deepEqual(reasons(compiled(site(both, "others"), before)), ["not_admitted"]);
  assert.deepEqual(reasons(compiled(site(new Map([["switches", user()]])), before)), ["not_admitted"]);
});

describe("a check is a problem", () => {
  const problem = (raw: RawSite): string =>
    compiled(raw)
      .problems.map(({ found, expected }) => `${found} / ${expected}`)
      .join("\n");
  test("without the credential that its method needs", () => {
    assert.match(problem(site(new Map(), "")), /^nothing \/ the id of a credential of kind snmp-v2c or snmp-v3$/u);
  });
  test("with one of a kind that its method does not take", () => {
    const name: Credential = { kind: "opcua-user", userName: new Secret("u"), password: new Secret("p") };
    assert.match(
      problem(site(new Map([["switches", name]]))),
      /"switches", of kind opcua-user \/ the id of a credential of kind snmp-v2c/u,
    );
  });
  test("with one where its method takes none", () => {
    const raw = site(new Map([["switches", community]]), "switches", "enip-list-identity");
    assert.match(problem(raw), /of kind snmp-v2c \/ none: enip-list-identity takes no credentials/u);
  });
});

test("of a credential a plan knows the length of its readable part alone", () => {
  const certificate: Credential = {
    kind: "opcua-certificate",
    certificateFile: "/c",
    keyFile: "/k",
    certificate: "c",
    privateKey: new Secret("k"),
  };
  const name: Credential = { kind: "opcua-user", userName: new Secret("wächter"), password: new Secret("p") };
  assert.deepEqual(
    [community, user(), name, certificate].map((one) => shapeOf("a", one).nameBytes),
    [6, 6, 8, 0],
  );
  assert.ok(before.deviceDigests.get(device("plc-1")));
});
