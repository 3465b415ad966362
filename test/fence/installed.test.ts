/** What nft lists against what the plan wants: the real listing of a small plan, and every way in which it may have come off it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readProjectFile } from "../support/source-tree.ts";
import { rawDevice } from "../config/compile/support/site.ts";
import { differences, listed, NoListing, scopeOf } from "../../src/fence/installed.ts";
import { rulesetOf } from "../../src/fence/ruleset.ts";
import { segments, smallPlan, smallRuleset } from "./support/small-plan.ts";

/** As nft 1.0.6 listed the small plan's ruleset after it was loaded. */
const listing = readProjectFile("test/fence/small-plan.installed.json");
type Entries = Record<string, Record<string, unknown>>[];

function edited(change: (entries: Entries) => void): readonly string[] {
  const value = JSON.parse(listing) as { nftables: Entries };
  change(value.nftables);
  return differences(listed(JSON.stringify(value)), smallRuleset());
}

const store = (entries: Entries, name: string): Record<string, unknown> =>
  entries.map((entry) => entry["map"] ?? entry["set"]).find((one) => one?.["name"] === name)!;
const rule = (entries: Entries, comment: string): number => entries.findIndex((entry) => entry["rule"]?.["comment"] === comment);

describe("a listing", () => {
  test("of what was printed differs in nothing, and says whose packets it judges", () => {
    assert.deepEqual(differences(listed(listing), smallRuleset()), []);
    assert.deepEqual(scopeOf(listed(listing)), { user: "987" });
    assert.equal(scopeOf({ label: `watchkeeper fence host sha256:${"0".repeat(64)}` }), "host");
    assert.equal(scopeOf({ label: "" }), undefined);
  });

  test("of an earlier plan shows it by its label and by every place that is missing", () => {
    const found = differences(listed(listing), smallRuleset(smallPlan([rawDevice(1), rawDevice(7)])));
    assert.match(found[0] ?? "", /^found the label "watchkeeper fence user=987 sha256:\w+", expected ".*": the plan has changed since$/u);
    assert.ok(found.includes("set to4: found nothing for eth1 . 10.20.1.17 . tcp . 502 : ask_1"), found.join("\n"));
    assert.ok(found.includes("set to4: found eth1 . 10.20.1.12 . tcp . 502 : ask_1, which is not in the plan"), found.join("\n"));
  });

  const changes: readonly [what: string, (entries: Entries) => void, RegExp][] = [
    [
      "a rule put in by hand",
      (entries) => entries.splice(rule(entries, "not in the plan"), 0, { rule: { table: "watchkeeper", chain: "fenced", expr: [] } }),
      /^chain fenced, rule 5: found "a rule without a comment", expected "not in the plan"$/u,
    ],
    ["a rule taken out", (entries) => entries.splice(rule(entries, "not in the plan"), 1), /^chain fenced, rule 5: found "another way/u],
    [
      "the last rule taken out",
      (entries) => entries.splice(rule(entries, "another way into a segment, IPv6"), 1),
      /^chain fenced, rule 7: found nothing, expected "another way into a segment, IPv6"$/u,
    ],
    ["an element taken out", (entries) => delete store(entries, "devices4")["elem"], /^set devices4: found nothing for 10\.20\.1\.11$/u],
    [
      "an element put in",
      (entries) => (store(entries, "interfaces")["elem"] as string[]).push("eth9"),
      /^set interfaces: found eth9, which is not in the plan$/u,
    ],
    [
      "a set taken out",
      (entries) => entries.splice(entries.indexOf(entries.find((entry) => entry["map"]?.["name"] === "echo6")!), 1),
      /^found no set echo6$/u,
    ],
    [
      "a chain of another hook",
      (entries) => (entries.find((entry) => entry["chain"]?.["name"] === "output")!["chain"]!["hook"] = "input"),
      /^chain output, rule 0: found "filter input 0 accept", expected "filter output 0 accept"$/u,
    ],
    [
      "a chain too many",
      (entries) => entries.push({ chain: { table: "watchkeeper", name: "mine" } }),
      /^found chain mine, expected none of that name$/u,
    ],
    [
      "a chain taken out",
      (entries) =>
        entries.splice(
          entries.findIndex((entry) => entry["chain"]?.["name"] === "ask_1"),
          1,
        ),
      /^found no chain ask_1$/u,
    ],
  ];
  for (const [what, change, expected] of changes) test(`shows ${what}`, () => assert.match(edited(change)[0] ?? "", expected));

  const ruleCalled = (entries: Entries, comment: string): Record<string, unknown> => entries[rule(entries, comment)]!["rule"]!;
  const inRules = (entries: Entries, change: (text: string) => string): void => {
    for (const entry of entries) if (entry["rule"]) entry["rule"]["expr"] = JSON.parse(change(JSON.stringify(entry["rule"]["expr"])));
  };

  test("with every drop turned into an accept, and the comments kept, shows each such rule", () => {
    const found = edited((entries) => inRules(entries, (text) => text.replaceAll('"drop"', '"accept"')));
    const drops = smallRuleset().chains.flatMap(({ rules }) => rules.filter(({ text }) => text.endsWith(" drop")));
    assert.equal(found.length, drops.length);
    assert.equal(
      found.find((one) => one.startsWith("chain fenced")),
      'chain fenced, rule 5 ("not in the plan"): found oifname == @interfaces; accept, expected oifname == @interfaces; drop',
    );
  });

  const disguised: readonly [what: string, from: string, to: string, shown: RegExp][] = [
    [
      "a match turned round",
      '"op":"==","left":{"meta":{"key":"oifname"}},"right":"@int',
      '"op":"!=","left":{"meta":{"key":"oifname"}},"right":"@int',
      /oifname != @interfaces; drop/u,
    ],
    ["a faster pace", '"rate":172,"burst":2', '"rate":9172,"burst":2', /found .*within 9172\/hour and 2 at once/u],
    ["a pace turned round", '"burst":2,"per":"hour"', '"burst":2,"per":"hour","inv":true', /found .*"inv":true/u],
    ["another byte of a frame", '"right":1693260792725506', '"right":1693260792725507', /found @ih,16,80 == 1693260792725507;/u],
    ["a frame looked for elsewhere", '"offset":88', '"offset":888', /found .*@ih,888,8/u],
    ["another set of paces", '"@data4"', '"@open4"', /by @open4/u],
    ["another map of places", '"data":"@to4"', '"data":"@echo4"', /vmap @echo4/u],
    ["another user", '"right":987', '"right":988', /found meta skuid == 988; .*expected meta skuid == 987;/u],
    ["another chain to go to", '"goto":{"target":"fenced"}', '"goto":{"target":"ask_1"}', /found .*goto ask_1, expected .*goto fenced/u],
    ["a jump, which comes back", '"goto":{"target":"fenced"}', '"jump":{"target":"fenced"}', /found .*"jump"/u],
    ["other flags of TCP", '["fin","rst"]', '["fin","ack"]', /found tcp flags any of ack, fin;/u],
    [
      "a match more",
      '[{"counter"',
      '[{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":1}},{"counter"',
      /found meta mark == 1; drop, expected drop/u,
    ],
  ];
  for (const [what, from, to, shown] of disguised)
    test(`shows ${what}, under the comments of the plan`, () => {
      const found = edited((entries) => inRules(entries, (text) => text.replaceAll(from, to)));
      assert.match(found[0] ?? "", shown);
    });

  test("shows a table that is dormant", () => {
    const found = edited((entries) => (entries.find((entry) => entry["table"])!["table"]!["flags"] = ["dormant"]));
    assert.deepEqual(found, ["found the table dormant: it judges no packet"]);
  });

  test("of a machine without /etc/protocols has protocols as numbers, which are the same; another protocol is not", () => {
    const numbered = (tcp: number): readonly string[] =>
      edited((entries) => {
        for (const map of entries.flatMap((entry): Record<string, unknown>[] => (entry["map"] ? [entry["map"]] : [])))
          map["elem"] = JSON.parse(
            JSON.stringify(map["elem"] ?? [])
              .replaceAll('"tcp"', String(tcp))
              .replaceAll('"udp"', "17"),
          );
      });
    assert.deepEqual(numbered(6), []);
    assert.match(numbered(132).join("\n"), /^set to4: found eth1 \. 10\.20\.1\.11 \. 132 \. 502 : ask_1, which is not in the plan$/mu);
  });

  test("is not taken amiss for the number in place of a user's name, but for another name", () => {
    const wanted = rulesetOf({ plan: smallPlan(), segments, scope: { user: "watchkeeper" } });
    const of = (right: string): readonly string[] => {
      const text = listing
        .replaceAll(/"right": ?987/gu, `"right": ${right}`)
        .replaceAll(/watchkeeper fence user=987 sha256:\w+/gu, wanted.label);
      return differences(listed(text), wanted);
    };
    assert.deepEqual(of("987"), []);
    assert.deepEqual(of('"watchkeeper"'), []);
    assert.match(of('"other"')[0] ?? "", /found meta skuid == other; .*, expected meta skuid == watchkeeper;/u);
  });

  test("is not taken amiss for a user's name in place of the number, nor for what was counted at a rule", () => {
    const found = edited((entries) => {
      inRules(entries, (text) => text.replaceAll('"right":987', '"right":"watchkeeper"'));
      ruleCalled(entries, "not in the plan")["expr"] = JSON.parse(
        JSON.stringify(ruleCalled(entries, "not in the plan")["expr"]).replace('"packets":0', '"packets":7'),
      );
    });
    assert.deepEqual(found, []);
  });

  test("is not taken amiss for what the kernel counted", () => {
    const counted = edited((entries) => {
      store(entries, "data4")["elem"] = [
        { elem: { val: { concat: ["10.20.1.11", "tcp", 502] }, limit: { rate: 60, burst: 2, per: "hour" } } },
      ];
    });
    assert.deepEqual(counted, []);
  });

  test("that nft does not print is said to be none", () => {
    assert.throws(() => listed("Error: syntax"), NoListing);
    assert.throws(() => listed("[]"), NoListing);
  });
});
