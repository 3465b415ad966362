/** The fence of a small plan, word for word, and what changes it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readProjectFile } from "../support/source-tree.ts";
import { rawDevice } from "../config/compile/support/site.ts";
import { rulesetOf, rulesetText, userLengthMax } from "../../src/fence/ruleset.ts";
import { segments, smallPlan, smallRuleset } from "./support/small-plan.ts";

describe("the ruleset", () => {
  test("of a small plan is this one, which nft 1.0.6 takes", () => {
    assert.equal(rulesetText(smallRuleset()), readProjectFile("test/fence/small-plan.nft"));
  });

  test("of the same plan is the same again; of another pace, device or scope it has another digest", () => {
    const plan = smallPlan();
    const [first, ...others] = [
      smallRuleset(plan),
      smallRuleset(smallPlan([rawDevice(1)])),
      smallRuleset(smallPlan([rawDevice(2)])),
      smallRuleset(smallPlan([rawDevice(1, { checks: [{ method: "modbus-fc43", unitId: 1, interval: "90s" }] })])),
      smallRuleset(smallPlan([rawDevice(1, { checks: [{ method: "modbus-fc43", unitId: 2 }] })])),
      rulesetOf({ plan, segments, scope: "host" }),
      rulesetOf({ plan, segments, scope: { user: "988" } }),
    ].map(({ digest }) => digest);
    assert.equal(smallRuleset(smallPlan()).digest, first);
    assert.equal(new Set([first, ...others]).size, 7);
  });

  test("of no plan at all lets nothing out", () => {
    const text = rulesetText(smallRuleset(smallPlan([])));
    assert.doesNotMatch(text, /ask_|accept comment/u);
    assert.match(text, /oifname @interfaces counter drop/u);
  });

  test("of the whole host asks nobody who sends, and leaves IPv6 its neighbours", () => {
    const text = rulesetText(rulesetOf({ plan: smallPlan(), segments, scope: "host" }));
    assert.doesNotMatch(text, /skuid|ct mark/u);
    assert.match(text, /nd-neighbor-solicit, nd-neighbor-advert \} ip6 hoplimit 255 accept/u);
    assert.match(text, /goto fenced comment "everybody"/u);
  });

  test("names a user in quotes and a number without", () => {
    const of = (user: string): string => rulesetText(rulesetOf({ plan: smallPlan([]), segments, scope: { user } }));
    assert.match(of("watchkeeper"), /meta skuid "watchkeeper" goto fenced/u);
    assert.match(of("987"), /meta skuid 987 goto fenced/u);
  });

  test("has comments that the kernel takes: 127 bytes at most, also for the longest user", () => {
    const { chains } = rulesetOf({ plan: smallPlan(), segments, scope: { user: "u".repeat(userLengthMax) } });
    const comments = chains.flatMap(({ rules }) => rules.map(({ comment }) => comment));
    assert.ok(Math.max(...comments.map(({ length }) => length)) <= 127);
    // Rules are compared by them.
    for (const { rules } of chains) assert.equal(new Set(rules.map(({ comment }) => comment)).size, rules.length);
  });

  test("is not made without the interface of a segment that is asked", () => {
    assert.throws(
      () => rulesetOf({ plan: smallPlan(), segments: segments.slice(1), scope: "host" }),
      /no interface is known for segment hvac/u,
    );
  });
});
