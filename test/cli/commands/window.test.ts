/** `window`: times with their offset, one way to say the end, and what the poller answers in words. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { window } from "../../../src/cli/commands/window.ts";
import type { WindowStatus } from "../../../src/domain/control.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

const signed = ["--by", "eto-1", "--reason", "firmware"];
const pause = ["open", "--kind", "pause", "--scope", "segment:hvac"];
const status: WindowStatus = {
  id: "w3",
  kind: "pause",
  scope: "segment:hvac",
  from: "2026-11-22T07:00:00.000Z",
  until: "2026-11-22T11:00:00.000Z",
  offsetMinutes: 60,
  open: false,
  by: "eto-1",
  reason: "firmware",
  change: null,
};
const done = { ok: true, result: { window: status, warnings: ["it overlaps w2 (mute)"] } } as const;

describe("window", () => {
  test("open sends the times in UTC and the offset in which they were given, and says what it does", async () => {
    await site.poller({ "window-open": () => Promise.resolve(done) });
    const times = ["--from", "2026-11-22T08:00+01:00", "--until", "2026-11-22T12:00+01:00"];
    const { code, out, err } = await site.run(window, [...pause, ...times, ...signed, "--change", "MOC-7"]);
    assert.equal(code, 0, err);
    assert.deepEqual(site.sent, [
      [
        "window-open",
        {
          kind: "pause",
          scope: "segment:hvac",
          from: "2026-11-22T07:00:00.000Z",
          until: "2026-11-22T11:00:00.000Z",
          offsetMinutes: 60,
          by: "eto-1",
          reason: "firmware",
          change: "MOC-7",
        },
      ],
    ]);
    assert.match(
      out,
      /^w3 {2}pause {2}segment:hvac {2}begins 2026-11-22 08:00:00 \+01:00 \(2026-11-22 07:00:00 UTC\), until 2026-11-22 12:00:00 \+01:00/u,
    );
    assert.match(out, /nothing is asked.*watchkeeper window close w3/u);
    assert.match(err, /it overlaps w2/u);
  });

  test("open takes times over midnight, of the hour that comes twice, and with two offsets, and shows them as they were given", async () => {
    for (const [from, until, utc, shown] of [
      ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", ["2026-10-25T00:30", "2026-10-25T01:30"], "2026-10-25 02:30:00 +02:00"],
      ["2027-03-28T01:30+01:00", "2027-03-28T03:30+02:00", ["2027-03-28T00:30", "2027-03-28T01:30"], "2027-03-28 01:30:00 +01:00"],
      ["2026-12-31T23:30-05:00", "2027-01-01T00:00-05:00", ["2027-01-01T04:30", "2027-01-01T05:00"], "2026-12-31 23:30:00 -05:00"],
      ["2026-12-31T22:00Z", "2027-01-01T00:00Z", ["2026-12-31T22:00", "2027-01-01T00:00"], "2026-12-31 22:00:00 UTC"],
    ] as const) {
      const [begins, ends] = [`${utc[0]}:00.000Z`, `${utc[1]}:00.000Z`];
      const answered = {
        "window-open": (request: { offsetMinutes?: number }) =>
          Promise.resolve({
            ok: true as const,
            result: { window: { ...status, from: begins, until: ends, offsetMinutes: request.offsetMinutes ?? 0 }, warnings: [] },
          }),
      };
      await site.remove();
      site = new TestSite();
      await site.poller(answered);
      const { code, out } = await site.run(window, [...pause, "--from", from, "--until", until, ...signed]);
      assert.equal(code, 0, from);
      const [, sent] = site.sent[0] as readonly [string, { readonly from: string; readonly until: string }];
      assert.deepEqual([sent.from, sent.until], [begins, ends], from);
      assert.ok(out.includes(`begins ${shown}`), out);
    }
  });

  test("open --for, extend and close send what was said", async () => {
    const handler = () => Promise.resolve(done);
    await site.poller({ "window-open": handler, "window-extend": handler, "window-close": handler });
    assert.equal((await site.run(window, [...pause, "--for", "2h", ...signed, "--json"])).code, 0);
    assert.equal((await site.run(window, ["extend", "w3", "--for", "90m", ...signed])).code, 0);
    assert.match((await site.run(window, ["close", "w3", ...signed])).out, /^Closed w3: pause of segment:hvac\.$/u);
    assert.deepEqual(site.sent, [
      ["window-open", { kind: "pause", scope: "segment:hvac", forMs: 7_200_000, by: "eto-1", reason: "firmware" }],
      ["window-extend", { id: "w3", forMs: 5_400_000, by: "eto-1", reason: "firmware" }],
      ["window-close", { id: "w3", by: "eto-1", reason: "firmware" }],
    ]);
  });

  test("list shows what is open and planned, or that nothing is", async () => {
    let windows: readonly WindowStatus[] = [];
    await site.poller({ "window-list": () => Promise.resolve({ ok: true, result: { now: "2026-11-21T12:00:00.000Z", windows } }) });
    assert.equal((await site.run(window, ["list"])).out, "No maintenance window is open or planned.");
    windows = [{ ...status, open: true, change: "MOC-7" }];
    assert.match(
      (await site.run(window, ["list"])).out,
      /^w3 {2}pause {2}segment:hvac {2}open until .* UTC\), by eto-1: firmware, change MOC-7$/u,
    );
    windows = [{ ...status, kind: "mute", from: "2026-11-21T11:59:50.000Z", offsetMinutes: 0 }];
    assert.match(
      (await site.run(window, ["list"])).out,
      /^w3 {2}mute {2}segment:hvac {2}begins once the poller trusts its clock \(planned for 2026-11-21 11:59:50 UTC\), until /u,
    );
    assert.deepEqual(JSON.parse((await site.run(window, ["list", "--json"])).out), { now: "2026-11-21T12:00:00.000Z", windows });
  });

  test("written wrongly says what is expected and asks nobody", async () => {
    const scope = ["--scope", "site"];
    for (const [argv, expected] of [
      [["shut"], /expected open, extend, close or list/u],
      [[...pause, ...signed], /--for or --until is missing: a window always has an end/u],
      [[...pause, "--for", "2h", "--until", "2026-11-22T12:00Z", ...signed], /both --for and --until/u],
      [[...pause, "--for", "0h", ...signed], /expected a duration/u],
      [[...pause, "--for", "9000d", ...signed], /--for: found "9000d", expected at most 30 d: a person may extend a window later/u],
      [[...pause, "--until", "2026-11-22T12:00", ...signed], /a day and a time with their offset, such as 2026-\d\d-\d\dT22:00\+02:00/u],
      [[...pause, "--for", "2h", "--from", "08:00Z", ...signed], /--from: found "08:00Z"/u],
      [[...pause, "--until", "2026-11-22T24:00Z", ...signed], /--until: found "2026-11-22T24:00Z", expected a day and a time/u],
      [[...pause, "--until", "2027-02-29T12:00Z", ...signed], /--until: found "2027-02-29T12:00Z"/u],
      [["open", ...scope, "--for", "2h", ...signed], /--kind is missing/u],
      [["open", "--kind", "hush", ...scope, "--for", "2h", ...signed], /--kind: found "hush"/u],
      [
        ["open", "--kind", "mute", "--scope", "plc", "--for", "2h", ...signed],
        /--scope: found "plc", expected device:ID, .* or site; did you mean device:plc\?/u,
      ],
      [["open", "--kind", "mute", "--for", "2h", ...signed], /--scope is missing/u],
      [[...pause, "--for", "2h", "--reason", "x"], /--by is missing/u],
      [["open", "w3", "--kind", "mute", ...scope, "--for", "2h", ...signed], /"w3" is one word too many/u],
      [["close", ...signed], /<window> is missing/u],
      [
        ["open"],
        /--kind is missing: .*\n.*--scope is missing: .*\n.*--for or --until is missing.*\n.*--by is missing: .*\n.*--reason is missing: .*\nusage: .*\nfor example: watchkeeper window open --kind pause --scope segment:hvac --for 2h --by eto-1 /u,
      ],
      [
        ["extend"],
        /<window> is missing.*\n.*--for or --until.*\n.*--by is missing.*\n.*--reason is missing.*\nusage.*\nfor example: watchkeeper window extend w3/u,
      ],
    ] as const) {
      const { code, err } = await site.run(window, [...argv]);
      assert.equal(code, 2, argv.join(" "));
      assert.match(err, expected);
    }
  });

  test("without a poller, or refused by it, fails with the reason", async () => {
    assert.match((await site.run(window, ["list"])).err, /no poller runs.*Nothing is asked while none runs/u);
    await site.poller({ "window-close": () => Promise.resolve({ ok: false, problems: ["w9: found no such window"] }) });
    assert.deepEqual(await site.run(window, ["close", "w9", ...signed]), { code: 1, out: "", err: "w9: found no such window" });
  });
});
