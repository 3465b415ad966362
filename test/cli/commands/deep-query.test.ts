/** `deep-query`: the exact requests beforehand, the warning, what the poller tells, and an end by Ctrl-C. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { deepQuery } from "../../../src/cli/commands/deep-query.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import type { ControlHandlers } from "../../../src/domain/control.ts";
import { notAcknowledged } from "../../../src/domain/deep-control.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

const family = "generic-modbus-tcp";
const agreed = `schema: site-profile/v1
id: ${family}
approval: {stage: draft}
deepQuery: [{read: modbus-identification-regular, by: eto-1, on: 2026-11-20, reason: survey}]
`;
const signed = ["--by", "eto-1", "--reason", "survey", "--differences", "none"];
const hasty = { hasty: true } as const;
const news = (text: string) => ({ at: "2026-11-22T08:00:00.000Z", text });
const begun: ControlHandlers["deep-query"] = () => Promise.resolve({ ok: true, result: { id: "dq-1", questions: 2, windows: [] } });

/** Answers one look after the other; the last is repeated. */
function looks(...results: readonly Partial<Extract<Awaited<ReturnType<ControlHandlers["deep-query-look"]>>, { ok: true }>["result"]>[]) {
  let at = 0;
  const handler: ControlHandlers["deep-query-look"] = () => {
    const result = results[Math.min(at++, results.length - 1)]!;
    return Promise.resolve({
      ok: true,
      result: { running: false, complete: false, news: [], record: null, problem: null, cutShort: null, ...result },
    });
  };
  return handler;
}

describe("deep-query --dry-run", () => {
  test("prints every request with its bytes, and what is not asked and why, without a poller", async () => {
    site.watch(1);
    site.write(`device-profiles/${family}.yaml`, agreed);
    const before = await site.run(deepQuery, ["plc-1", "--dry-run"]);
    assert.equal(before.code, 0, before.err);
    assert.match(before.out, /plc-1: 0 questions/u);
    assert.match(before.out, /not asked: plc-1\/deep-modbus-identification-regular: not_approved/u);
    assert.match(before.out, /01 2b 0e 02 \.\./u);
    // Whoever signs sees it beside the heartbeat.
    assert.match((await site.run(plan, ["--full"])).out, /What a deep query may ask[^]*not asked: not_approved[^]*01 2b 0e 02 \.\./u);
    assert.match(
      (await site.run(plan, [])).out,
      /agreed to for a deep query and not asked: not_approved: modbus-identification-regular \(1 device\)/u,
    );
    await site.approve();
    assert.match(
      (await site.run(plan, [])).out,
      /a deep query may ask, begun by a person in its window: modbus-identification-regular \(1 device\)/u,
    );
    const { out } = await site.run(deepQuery, ["plc-1", "--dry-run"]);
    assert.match(
      out,
      /plc-1: 1 question\n {2}a heartbeat comes every 1 min: each question comes between two of them, 30 s from either\n {2}modbus-identification-regular: FC 43\/14 read device identification, regular, unit 1/u,
    );
    assert.match(out, /to 192\.0\.2\.11:502 over tcp/u);
    assert.match(out, /\.\. \.\. 00 00 00 05 01 2b 0e 02 \.\. \(modbus-read-device-identification\)/u);
    const json = JSON.parse((await site.run(deepQuery, ["plc-1", "--dry-run", "--json"])).out) as {
      requests: { frames: { hex: string }[] }[];
    };
    assert.equal(json.requests[0]?.frames[0]?.hex, "000000000005012b0e0200");
  });

  test("says so where nothing may be read, and of a device that is not there", async () => {
    site.watch(1);
    assert.match(
      (await site.run(deepQuery, ["plc-1", "--dry-run"])).out,
      /not asked: found nothing that the site has agreed to: name it under deepQuery in device-profiles\/generic-modbus-tcp\.yaml/u,
    );
    const stranger = await site.run(deepQuery, ["plc-9", "--dry-run"]);
    assert.deepEqual([stranger.code, stranger.err.includes("plc-9: found no such device")], [1, true]);
  });
});

describe("deep-query", () => {
  test("sends who, why and the differences, tells how it goes, and ends with 0 when everything was answered", async () => {
    site.watch(2);
    const done = { complete: true, record: "/state/dq-1.html", news: [news("plc-1: said")] };
    await site.poller({ "deep-query": begun, "deep-query-look": looks({ running: true, news: [news("plc-1: waits 30 s")] }, done) });
    const { code, out } = await site.run(deepQuery, ["plc-1", "plc-2", ...signed, "--change", "MOC-7", "--acknowledge-risk"], hasty);
    assert.equal(code, 0);
    assert.deepEqual(site.sent[0], [
      "deep-query",
      { devices: ["plc-1", "plc-2"], by: "eto-1", reason: "survey", differences: "none", acknowledged: true, change: "MOC-7" },
    ]);
    assert.deepEqual(
      site.sent.slice(1).map(([, request]) => request),
      [
        { id: "dq-1", seen: 0 },
        { id: "dq-1", seen: 1 },
      ],
    );
    assert.match(out, /^dq-1: 2 devices, 2 questions; Ctrl-C ends it/u);
    assert.match(out, /2026-11-22 08:00:00 UTC {2}plc-1: waits 30 s\n/u);
    assert.match(out, /dq-1: complete: every question was answered\nRecord: \/state\/dq-1\.html, and \.json beside it/u);
  });

  test("ends with 1 where it was cut short, was not complete, or left no record; with --json it prints one object", async () => {
    site.watch(1);
    const ends = [{ cutShort: "the window ended" }, { complete: true, problem: "disk full" }, {}] as const;
    await site.poller({ "deep-query": begun, "deep-query-look": looks(...ends) });
    for (const words of [/cut short: the window ended/u, /disk full/u, /^$/u]) {
      const { code, err } = await site.run(deepQuery, ["plc-1", ...signed]);
      assert.equal(code, 1);
      assert.match(err, words);
    }
    const { out } = await site.run(deepQuery, ["plc-1", ...signed, "--json"]);
    assert.equal((JSON.parse(out) as { schema: string }).schema, "deep-query-end/v1");
  });

  test("prints the warning with the poller's reasons where it is the first and nobody has read it, and says that nothing was sent", async () => {
    site.watch(1);
    const problems = ["plc-1: no_window: none is open"];
    await site.poller({
      "deep-query": ({ acknowledged }) =>
        Promise.resolve({ ok: false, problems: acknowledged ? problems : [...problems, notAcknowledged] }),
    });
    const { code, err } = await site.run(deepQuery, ["plc-1", ...signed]);
    assert.equal(code, 1);
    assert.match(err, /A deep query asks devices for more.*no_window: none is open\nit is the first deep query.*\nNothing was sent\./su);
    const read = await site.run(deepQuery, ["plc-1", ...signed, "--acknowledge-risk"]);
    assert.equal(read.err, "plc-1: no_window: none is open\nNothing was sent.");
  });

  test("is ended by Ctrl-C, which the poller is told at once", async () => {
    site.watch(1);
    let interrupt = (): void => undefined;
    const listening = { ...hasty, onInterrupt: (act: () => void) => ((interrupt = act), () => undefined) };
    let ended = false;
    await site.poller({
      "deep-query": begun,
      "deep-query-look": () => {
        interrupt();
        const result = {
          running: !ended,
          complete: false,
          news: [],
          record: null,
          problem: null,
          cutShort: ended ? "ended by eto-1" : null,
        };
        return Promise.resolve({ ok: true, result });
      },
      "deep-query-end": () => {
        ended = true;
        return Promise.resolve({ ok: true, result: { record: null } });
      },
    });
    assert.equal((await site.run(deepQuery, ["plc-1", ...signed], listening)).code, 1);
    assert.ok(site.sent.some(([name, body]) => name === "deep-query-end" && (body as { by: string }).by === "eto-1 (interrupted)"));
  });

  test("needs who, why and the differences, a device, and a running poller", async () => {
    site.watch(1);
    for (const option of ["--by", "--reason", "--differences"]) {
      const argv = signed.filter((_, at) => at !== signed.indexOf(option) && at !== signed.indexOf(option) + 1);
      const { code, err } = await site.run(deepQuery, ["plc-1", ...argv]);
      assert.deepEqual([code, err.includes(`${option} is missing`)], [2, true]);
    }
    const nothing = await site.run(deepQuery, []);
    assert.match(nothing.err, /<device> is missing\n.*--by is missing.*\n.*--reason is missing.*\n.*--differences is missing.*\nusage/u);
    assert.equal(nothing.code, 2);
    assert.equal((await site.run(deepQuery, [...signed])).code, 2);
    assert.match((await site.run(deepQuery, ["plc-1", ...signed])).err, /no poller runs/u);
    await site.poller({ "deep-query": begun });
    assert.match((await site.run(deepQuery, ["plc-1", ...signed])).err, /this poller cannot deep-query-look/u);
  });
});
