/** Deep queries of OPC UA servers in the plan: in the session of their heartbeat, with its security, and none where no heartbeat keeps one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, type Compiled } from "../../../src/config/compile/compile.ts";
import { describeDeep, sessionWords } from "../../../src/config/describe-deep.ts";
import { frameText } from "../../../src/config/describe.ts";
import { planJson } from "../../../src/config/plan-json.ts";
import { usualSysctls } from "../../../src/config/compile/worst-case.ts";
import { opcuaServerNodes } from "../../../src/domain/opcua.ts";
import type { Check, CheckId, DeviceId } from "../../../src/domain/plan.ts";
import type { PinnedCertificate } from "../../../src/domain/security.ts";
import { wallMs } from "../../../src/domain/units.ts";
import { methods as real } from "../../../src/drivers/registry.ts";
import { documented, loaded, rawApproval, rawDevice, rawProfile, rawSite, today, type Raw, type RawSite } from "./support/site.ts";

const allowed: Raw = { decision: "allow", reason: "a read", support: documented("yes") };
const methods = Object.fromEntries(
  ["opcua-hello", "opcua-keepalive", "opcua-read", "opcua-get-endpoints"].map((method) => [method, allowed]),
);
const agreement = (read: string, changes: Raw = {}): Raw => ({ read, by: "eto-1", on: "2026-11-20", reason: "survey", ...changes });
const both = [agreement("opcua-server"), agreement("opcua-endpoints")];
const offers = ["opcua-server", "opcua-endpoints"].map((read): Raw => ({ read, reason: "who it is" }));
const certificate: PinnedCertificate = { der: "AAAA", sha256: "ab".repeat(32), notAfter: wallMs(Date.parse("2027-06-01")) };
const security: Raw = { mode: "SignAndEncrypt", policy: "Basic256Sha256" };

/** Approved. */
function planned(check: Raw, agreed: Raw[] = both, profile: Raw = {}): Compiled {
  const profiles = { "test-plc": rawProfile({ methods, deepQuery: offers, ...profile }) };
  const siteProfiles = { "test-plc": { schema: "site-profile/v1", id: "test-plc", deepQuery: agreed } };
  const raw: RawSite = {
    ...rawSite([rawDevice(1, { checks: [check] })], { profiles, siteProfiles }),
    serverCertificates: new Map([["plc-1" as DeviceId, certificate]]),
  };
  const drafted = compile(loaded(raw), { methods: real, wallNow: today, lab: false });
  const approval = rawApproval(drafted, "test-plc", {});
  const signed = { ...raw, siteProfiles: { "test-plc": { ...siteProfiles["test-plc"], approval } } };
  const compiled = compile(loaded(signed), { methods: real, wallNow: today, lab: false });
  assert.deepEqual([compiled.problems, [...compiled.plan.deepRefused.values()]], [[], []]);
  return compiled;
}

const id = (read: string): CheckId => `plc-1/deep-${read}` as CheckId;
const operations = ({ opening, asking, closing }: Check): string[][] =>
  [opening, asking, closing].map(({ templates }) => templates.map(({ operation }) => operation));

describe("a deep query of an OPC UA server", () => {
  test("asks in the session that its heartbeat keeps; what it opens where none stands is opened for it alone", () => {
    for (const method of ["opcua-keepalive", "opcua-read"]) {
      const { plan } = planned({ method });
      for (const read of ["opcua-server", "opcua-endpoints"]) {
        const check = plan.deep.get(id(read))!;
        assert.deepEqual([check.within, check.connection, check.asking.requestsMax], [`plc-1/${method}`, "fresh", 1]);
      }
    }
    const [server, endpoints] = [...planned({ method: "opcua-keepalive" }).plan.deep.values()];
    const opened = ["opcua-hello", "opcua-open-channel", "opcua-create-session", "opcua-activate-session"];
    assert.deepEqual(operations(server!), [opened, ["opcua-read-server"], ["opcua-close-session", "opcua-close-channel"]]);
    assert.deepEqual(operations(endpoints!), [opened.slice(0, 2), ["opcua-get-endpoints"], ["opcua-close-channel"]]);
  });

  test("asks with the security of its heartbeat: another frame would be none that its session carries", () => {
    for (const mode of ["Sign", "SignAndEncrypt"]) {
      const { plan } = planned({ method: "opcua-read", security: { ...security, mode } });
      const beat = plan.checks.get("plc-1/opcua-read" as CheckId)!;
      assert.equal(plan.deep.size, 2);
      for (const check of plan.deep.values()) {
        assert.deepEqual([check.security, check.within, check.approvedUntil], [beat.security, beat.id, beat.approvedUntil]);
        assert.deepEqual(check.opening, beat.opening);
        const [asked] = operations(check)[1]!;
        const clear = check.deep!.read === "opcua-server" ? "opcua-read-server" : "opcua-get-endpoints";
        assert.equal(asked, mode === "Sign" ? clear : "opcua-secured-message");
      }
    }
  });

  test("takes no session of a device whose heartbeat keeps none", () => {
    for (const method of ["opcua-hello", "opcua-get-endpoints"]) {
      const { plan } = planned({ method });
      assert.deepEqual([...plan.deep.keys()], [id("opcua-endpoints")]);
      assert.equal(plan.deep.get(id("opcua-endpoints"))?.within, undefined);
    }
  });

  test("asks for no more nodes at once than profile or site say, and its frame is no longer than they make it", () => {
    const nodesIn = ({ plan }: Compiled): number => {
      const [template] = plan.deep.get(id("opcua-server"))!.asking.templates;
      return (template!.bytes.length - 73) / 18;
    };
    const limits = { opcua: { maxNodesPerRead: { ...documented(10), value: 10 } } };
    assert.equal(nodesIn(planned({ method: "opcua-read" })), opcuaServerNodes.length);
    assert.equal(nodesIn(planned({ method: "opcua-read" }, [agreement("opcua-server", { nodes: 12 })])), 12);
    assert.equal(nodesIn(planned({ method: "opcua-read" }, [agreement("opcua-server", { nodes: 12 })], { limits })), 10);
    assert.equal(
      nodesIn(planned({ method: "opcua-read" }, both, { limits: { opcua: { maxNodesPerRead: { ...documented(10), value: 900 } } } })),
      opcuaServerNodes.length,
    );
  });

  test("says to whoever reads the plan that it takes no session beside the heartbeat's", () => {
    const compiled = planned({ method: "opcua-keepalive" });
    const words = describeDeep(compiled.plan, frameText).join("\n");
    assert.match(
      words,
      /in the session of plc-1\/opcua-keepalive, where that stands: opcua-read-server alone; otherwise over a connection of its own/u,
    );
    const { deepChecks } = planJson({ ...compiled, proposals: new Map() }, usualSysctls);
    assert.deepEqual(
      deepChecks.map(({ within }) => within),
      ["plc-1/opcua-keepalive", "plc-1/opcua-keepalive"],
    );
    assert.deepEqual(sessionWords([...planned({ method: "opcua-hello" }).plan.deep.values()][0]!), []);
  });
});
