/** `profiles`: the library in words, what a document says apart from what is only remembered. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { profiles } from "../../../src/cli/commands/profiles.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

describe("profiles", () => {
  test("list names each with its kind, and says what is never asked", async () => {
    const { code, out } = await site.run(profiles, ["list"]);
    assert.equal(code, 0);
    assert.match(out, /^schneider-m221: Schneider Electric Modicon M221 \(plc\)$/mu);
    assert.match(out, /^passive-safety: .* \(safety, never asked\)$/mu);
  });

  test("show says what is allowed, what the owner must state, and each fact with grade, document and page", async () => {
    const { code, out } = await site.run(profiles, ["show", "schneider-modicon"]);
    assert.equal(code, 0);
    assert.match(out, /modbus-fc43: yes: Reads the identification objects only/u);
    assert.match(out, /firmware, for modbus-fc3, modbus-fc4, modbus-fc1, modbus-fc2 \(ICSA-20-016-01\)/u);
    assert.match(out, /limits\.modbusTcp\.requestsPerScan: 4 \[vendor document, excerpt read: Schneider Electric, FA197598, the answer\]/u);
    assert.match(out, /function code 90: An engineering function/u);
  });

  test("show says each thing once: ports of one reason and advisories of one weakness stand together", async () => {
    const { out: nport } = await site.run(profiles, ["show", "moxa-nport"]);
    assert.match(nport, /^ {2}ports 4001 to 4016: A connection here takes the serial line/mu);
    assert.equal(nport.split("takes the serial line").length, 2);
    const { out: logix } = await site.run(profiles, ["show", "rockwell-controllogix"]);
    assert.match(logix, /^ {2}ICSA-22-144-01 CVE-2022-1797, ICSA-22-354-02 CVE-2022-3157, .*: A malformed CIP message/mu);
  });

  test("show says what a deep query may read, where the profile offers anything", async () => {
    const logix = (await site.run(profiles, ["show", "rockwell-controllogix"])).out;
    assert.match(
      logix,
      /^What a deep query may read, .*\n {2}enip-identity: .*\n {2}enip-slots: EtherNet\/IP Identity object of a module in the backplane \(the site says which slots\): Each module/mu,
    );
    assert.doesNotMatch((await site.run(profiles, ["show", "passive-safety"])).out, /deep query/u);
  });

  test("show says who must answer, and where nobody knows what a family calls itself", async () => {
    assert.match((await site.run(profiles, ["show", "omron-nj-nx"])).out, /^Who must answer\n {2}Omron; anybody else/mu);
    assert.match((await site.run(profiles, ["show", "moxa-eds"])).out, /^Who must answer\n {2}not documented what it calls itself/mu);
    assert.match((await site.run(profiles, ["show", "passive-safety"])).out, /^Who must answer\n {2}nobody/mu);
  });

  test("show leaves out what is only remembered and used for nothing, and gives no hearsay as what a vendor says", async () => {
    const { out } = await site.run(profiles, ["show", "siemens-logo"]);
    assert.doesNotMatch(out, /Modbus TCP connections = 8/u);
    assert.match(out, /Modbus TCP server only from .* \[secondary source, unverified\]/u);
    const { out: passive } = await site.run(profiles, ["show", "passive-navigation"]);
    assert.match(passive, /nothing: navigation systems are never asked, heard only/u);
  });

  test("search wants every word, in whatever case, among vendors, models and texts", async () => {
    const { code, out } = await site.run(profiles, ["search", "moxa SNMP nport"]);
    assert.equal(code, 0);
    assert.match(out, /^moxa-nport: /mu);
    assert.doesNotMatch(out, /^hirschmann/mu);
    const none = await site.run(profiles, ["search", "moxa qqq"]);
    assert.deepEqual([none.code, none.out], [1, ""]);
    assert.match(none.err, /no profile says "moxa qqq"/u);
  });

  test("--json gives the same for programs", async () => {
    const listed = JSON.parse((await site.run(profiles, ["list", "--json"])).out) as {
      readonly schema: string;
      readonly profiles: readonly unknown[];
    };
    assert.equal(listed.schema, "profiles/v1");
    assert.ok(listed.profiles.length >= 60);
    const shown = JSON.parse((await site.run(profiles, ["show", "moxa-eds", "--json"])).out) as {
      readonly id: string;
      readonly facts: object;
    };
    assert.equal(shown.id, "moxa-eds");
    assert.ok("modbus-registers" in shown.facts);
  });

  test("an unknown profile is met with the nearest, a wrong command line with what is expected", async () => {
    const { code, err } = await site.run(profiles, ["show", "wago-750"]);
    assert.equal(code, 1);
    assert.match(err, /did you mean wago-750-coupler\?/u);
    for (const words of [["list", "x"], ["show"], ["search"], ["print"]])
      assert.equal((await site.run(profiles, words)).code, 2, words.join(" "));
  });
});
