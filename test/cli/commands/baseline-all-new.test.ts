/** `baseline accept --all-new`: what a person has looked through, in parts where it is much, and nothing else. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { baseline } from "../../../src/cli/commands/baseline.ts";
import { TestSite } from "../support/site.ts";
import { knownIdentity, plate } from "../../support/identities.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(3);
});
afterEach(() => site.remove());

const signed = ["--by", "eto-1", "--reason", "type plate"];
const first = knownIdentity("plc-1", plate);

/** The mark that stands under the list of those of which nothing was accepted. */
async function seenAll(): Promise<readonly string[]> {
  const { out } = await site.run(baseline, ["list"]);
  return ["--seen", /mark of them all (\S+)\./u.exec(out)?.[1] ?? "none"];
}

describe("accept --all-new", () => {
  test("of many devices asks for some at a time, says how far it came, and asks nobody where nothing is new", async () => {
    site.watch(230);
    site.state.known = Array.from({ length: 230 }, (_, index) =>
      knownIdentity(`plc-${index + 1}`, plate, undefined, `192.0.2.${index + 11}`),
    );
    let room = 2;
    const full = { ok: false, problems: ["disk full"] } as const;
    const handler = () => Promise.resolve(room-- > 0 ? ({ ok: true, result: { accepted: [] } } as const) : full);
    await site.poller({ "baseline-accept": handler });
    const { code, err } = await site.run(baseline, ["accept", "--all-new", ...(await seenAll()), ...signed]);
    assert.equal(code, 1);
    assert.equal(err, "disk full\nThe first 150 of 230 devices are accepted, these and those after them are not");
    assert.deepEqual(
      site.sent.map(([, request]) => (request as { readonly devices: readonly unknown[] }).devices.length),
      [75, 75, 75],
    );
    site.state.known = [];
    assert.match((await site.run(baseline, ["accept", "--all-new", "--seen", "any", ...signed])).out, /^Nothing is new/u);
    assert.equal(site.sent.length, 3);
  });

  test("asks a person at the terminal, who has then seen the list, and takes the marks of the very lines that it has printed", async () => {
    site.state.known = [first];
    for (const [answer, code] of [
      ["no", 1],
      [undefined, 1],
      ["yes", 0],
    ] as const) {
      let question = "";
      const prompt = (asked: string) => {
        question = asked;
        // What is said while the person reads the list is not accepted with it.
        if (answer === "yes") site.state.known = [knownIdentity("plc-1", plate), knownIdentity("plc-2", plate, undefined, "192.0.2.12")];
        return Promise.resolve(answer);
      };
      const ran = await site.run(baseline, ["accept", "--all-new", ...signed], { prompt });
      assert.deepEqual([ran.code, question], [code, "Accept 1 device as listed? yes or no: "], ran.err);
      assert.equal(ran.err, code === 0 ? "" : "Nothing was accepted.");
    }
    const taken = site.state.known.filter(({ accepted }) => accepted.length > 0).map(({ device }) => device);
    assert.deepEqual([site.state.known.length, taken], [2, ["plc-1"]]);
  });

  test("where nobody is asked, for want of a terminal or with --json, takes the mark of the list that a person has seen, and nothing without it", async () => {
    site.state.known = [first];
    const yes = { prompt: () => Promise.resolve("yes") };
    for (const [options, surroundings] of [
      [[], {}],
      [["--json"], {}],
      [["--json"], yes],
    ] as const) {
      const ran = await site.run(baseline, ["accept", "--all-new", ...options, ...signed], surroundings);
      assert.deepEqual([ran.code, ran.out], [2, ""]);
      assert.match(
        ran.err,
        /--seen is missing: the mark that `watchkeeper baseline list` prints under its list, .*; nothing was accepted\n/u,
      );
      assert.deepEqual([site.state.audit, site.state.known[0]?.accepted, site.sent], [[], [], []]);
    }
    const before = await seenAll();
    site.state.known = [first, knownIdentity("plc-2", plate, undefined, "192.0.2.12")];
    for (const surroundings of [{}, yes]) {
      const other = await site.run(baseline, ["accept", "--all-new", ...before, ...signed], surroundings);
      assert.deepEqual([other.code, other.out], [1, ""]);
      assert.match(
        other.err,
        /^--all-new: found the mark \S+, expected \S+: it is not the list that was seen\. Look through .* again; nothing was accepted$/u,
      );
    }
    assert.deepEqual([site.state.audit, site.sent], [[], []]);
    const taken = await site.run(baseline, ["accept", "--all-new", "--json", ...(await seenAll()), ...signed]);
    assert.equal((JSON.parse(taken.out) as { readonly accepted: readonly unknown[] }).accepted.length, 2);
    assert.doesNotMatch((await site.run(baseline, ["list"])).out, /mark of them all/u);
  });
});
