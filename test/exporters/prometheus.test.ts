/** The metrics page: the same bytes as prom-client's, complete from the start, and written in pieces that hold up nobody. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seconds } from "../../src/domain/units.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { answered, check, plan, refused } from "../store/support/site.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { oracle } from "./support/oracle.ts";
import { quietPage } from "./support/quiet-page.ts";
import { latenesses, nastyName, rendered, smallSite } from "./support/small-site.ts";

function helpOn(page: string): (name: string) => string {
  return (name) => {
    const family = page.includes(`# HELP ${name} `) ? name : name.replace(/_total$/u, "");
    const line = page.split("\n").find((one) => one.startsWith(`# HELP ${family} `));
    assert.ok(line, `no family ${name}`);
    return line.slice(`# HELP ${family} `.length);
  };
}

function series(page: string): readonly string[] {
  return page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("the page", () => {
  for (const format of ["text", "openmetrics"] as const) {
    test(`in ${format} is what prom-client writes, byte for byte`, async () => {
      const site = await smallSite();
      const page = await rendered(site, format);
      assert.equal(page, await oracle(site.board, format, latenesses, helpOn(page)));
      assert.equal(await rendered(site, format), page, "a second scrape finds the same");
    });

    test(`in ${format} holds no series twice`, async () => {
      const all = series(await rendered(await smallSite({ processMetrics: true }), format)).map((line) =>
        line.slice(0, line.lastIndexOf(" ")),
      );
      assert.equal(new Set(all).size, all.length);
    });
  }

  test("ends as OpenMetrics wants, and only there", async () => {
    const site = await smallSite();
    assert.match(await rendered(site, "openmetrics"), /\n# EOF\n$/u);
    assert.doesNotMatch(await rendered(site, "text"), /EOF/u);
  });

  test("after an OpenMetrics scrape still calls its counters totals in text", async () => {
    const site = await smallSite();
    const before = await rendered(site, "text");
    await rendered(site, "openmetrics");
    assert.equal(await rendered(site, "text"), before);
  });

  test("carries no address or port unless the owner says so", async () => {
    const hidden = await rendered(await smallSite());
    assert.doesNotMatch(hidden, /192\.0\.2\.|"502"|address=/u);
    const shown = await rendered(await smallSite({ address: true }));
    assert.match(shown, /watchkeeper_check_info\{device="pump",.*,address="192\.0\.2\.11",port="502"\} 1/u);
  });

  test("says of everything that was polled that it is stored, and where its age stands", async () => {
    const page = await rendered(await smallSite());
    const polled = page
      .split("\n")
      .filter((line) =>
        /^# HELP watchkeeper_(device_(state|cause)|check_(success|duration|last_success|runs|fail|ref.*_total|with))/u.test(line),
      );
    assert.equal(polled.length, 9);
    for (const line of polled) {
      assert.match(line, /Stored state/u);
      assert.match(line, /watchkeeper_check_last_run_timestamp_seconds/u);
    }
  });

  test("escapes names that somebody made up to break it", async () => {
    const page = await rendered(await smallSite());
    assert.ok(page.includes('watchkeeper_device_state{device="pump \\"2\\" \\\\ north\\nside",state="up"} 1'), nastyName);
  });

  test("carries the process's own figures under names that are in order", async () => {
    const page = await rendered(await smallSite({ processMetrics: true }));
    assert.match(page, /\nprocess_resident_memory_bytes \d/u);
    const gauges = [...page.matchAll(/^# TYPE (?<name>\S+) gauge$/gmu)].map((match) => match.groups?.["name"] ?? "");
    assert.deepEqual(
      gauges.filter((name) => name.endsWith("_total")),
      [],
    );
  });
});

describe("a series is there from the start:", () => {
  const clock = new FakeClock();
  const board = new MemoryBoard(clock, plan({ plc: {} }), { stopped: false, trips: [], proven: new Map() });
  const page = quietPage(clock);
  const zeros = [
    'watchkeeper_check_failures_total{device="plc",check="modbus-fc43",reason="identity_mismatch"} 0',
    'watchkeeper_check_runs_total{device="plc",check="modbus-fc43"} 0',
    'watchkeeper_check_last_run_timestamp_seconds{device="plc",check="modbus-fc43"} 0',
    'watchkeeper_refused_total{segment="hvac",reason="audit_unwritable"} 0',
    'watchkeeper_refused_total{segment="hvac",reason="approval_expired"} 0',
    'watchkeeper_withheld_total{segment="hvac",reason="window_pause"} 0',
    'watchkeeper_tripped{scope="site"} 0',
    'watchkeeper_tripped{scope="segment:hvac"} 0',
    'watchkeeper_held{scope="segment:hvac"} 0',
    'watchkeeper_cause{scope="hvac",kind="segment"} 0',
    'watchkeeper_cause{scope="hvac",kind="way_out"} 0',
    'watchkeeper_held{scope="profile:schneider-m221"} 0',
    'watchkeeper_sent_bytes_total{segment="hvac"} 0',
    "watchkeeper_guard_blocked_total 0",
    "watchkeeper_stalls_total 0",
    'watchkeeper_udp_datagrams_dropped_total{reason="late"} 0',
    'watchkeeper_udp_datagrams_dropped_total{reason="foreign"} 0',
    "watchkeeper_schedule_lateness_seconds_count 0",
    "watchkeeper_stopped 0",
    "watchkeeper_pulses_total 0",
    "watchkeeper_in_flight 0",
    "watchkeeper_oldest_in_flight_seconds 0",
    "watchkeeper_schedule_overdue_seconds 0",
    'watchkeeper_segment_held_back{segment="hvac",stage="suspended"} 0',
    'watchkeeper_check_next_allowed_timestamp_seconds{device="plc",check="modbus-fc43"} 0',
    "watchkeeper_audit_writable 1",
    'watchkeeper_device_state{device="plc",state="up"} 0',
    'watchkeeper_device_state{device="plc",state="unknown"} 1',
  ];
  for (const line of zeros) {
    test(line, async () => assert.ok(series(await rendered({ page, board })).includes(line)));
  }

  test("except success and duration, of which nothing is known", async () => {
    assert.doesNotMatch(await rendered({ page, board }), /check_(success|duration_seconds)\{/u);
  });
});

test("a stop shows at once, and a device's state follows the clock without anybody writing", async () => {
  const site = await smallSite();
  await site.clock.advance(seconds(3600));
  assert.match(await rendered(site), /device_cause\{device="plc",cause="no_fresh_evidence"\} 1/u);
  site.board.stop(true);
  const page = await rendered(site);
  assert.match(page, /watchkeeper_stopped 1/u);
  assert.match(page, /device_cause\{device="plc",cause="stopped"\} 1/u);
});

test("site-wide refusals never go down, though a reload takes checks out with their counts", async () => {
  const { board, page, clock } = await smallSite();
  await rendered({ board, page });
  board.adopt(plan({ other: {} }));
  assert.match(await rendered({ board, page }), /watchkeeper_refused_total\{segment="hvac",reason="backoff"\} 2\n/u);
  board.outcome(refused(check("other"), clock.monotonic(), "backoff"));
  assert.match(await rendered({ board, page }), /watchkeeper_refused_total\{segment="hvac",reason="backoff"\} 3\n/u);
});

test("10,000 devices are written in many small pieces, with the loop's turn between any two", async () => {
  const clock = new FakeClock();
  const site = plan(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`device-${index}`, {}])));
  const board = new MemoryBoard(clock, site, { stopped: false, trips: [], proven: new Map() });
  for (const each of site.checks.values()) board.outcome(answered(each, clock.monotonic()));
  let turns = 0;
  const yieldToLoop = (): Promise<void> => {
    turns += 1;
    return Promise.resolve();
  };
  const page = quietPage(clock, { yieldToLoop });
  const lengths: number[] = [];
  for await (const piece of page.render(board, "text")) lengths.push(piece.length);
  assert.ok(turns > 400, `${turns} turns`);
  assert.ok(Math.max(...lengths) < 64_000, `${Math.max(...lengths)} characters at once`);
});
