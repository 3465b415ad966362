/** What happens is one line each, and nobody's text can make it two. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeviceId } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { EventLog, type EventLogOptions } from "../../src/exporters/event-log.ts";
import { check, plan } from "../store/support/site.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { identityChanges } from "../../src/domain/baseline.ts";
import { identityView, plate } from "../support/identities.ts";

function logging(options: Partial<EventLogOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string): void => void lines.push(line) };
  const clock = new FakeClock();
  const log = new EventLog({ level: "info", format: "json", site: "mv-test", lab: false, clock, destination, ...options });
  const entries = (): readonly Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, entries, clock };
}

const device = plan({ plc: {} }).devices.get("plc" as DeviceId)!;
const down = { device: device.id, at: wallMs(0), from: "up", to: "down", cause: "timeout", detail: "no answer within 5 s" } as const;

describe("JSON", () => {
  test("carries the moment by the clock, the site, and what a machine looks for", () => {
    const { log, entries } = logging();
    log.transition(down, device);
    assert.deepEqual(entries(), [
      {
        level: "warn",
        time: "2026-11-21T12:00:00.000Z",
        site: "mv-test",
        event: "transition",
        device: "plc",
        from: "up",
        to: "down",
        cause: "timeout",
        detail: "no answer within 5 s",
        segment: "hvac",
        msg: "Device plc (plc): up > down, no answer in time",
      },
    ]);
  });

  test("says lab on every line of a lab", () => {
    const { log, entries } = logging({ lab: true });
    log.write("info", "started", "started");
    assert.equal(entries()[0]?.["lab"], true);
  });
});

describe("text", () => {
  test("reads as a sentence, with what else is known behind it", () => {
    const { log, lines } = logging({ format: "text" });
    log.transition(down, device);
    assert.deepEqual(lines, [
      '2026-11-21T12:00:00.000Z WARN  Device plc (plc): up > down, no answer in time  device=plc  from=up  to=down  cause=timeout  detail="no answer within 5 s"  segment=hvac\n',
    ]);
  });

  test("says lab first, and leaves out what is empty", () => {
    const { log, lines } = logging({ format: "text", lab: true });
    log.transition({ ...down, to: "up", from: "down", cause: "answers", detail: "" }, device);
    assert.match(lines[0] ?? "", /INFO {2}\[LAB\] Device plc \(plc\): down > up {2}device=plc/u);
    assert.doesNotMatch(lines[0] ?? "", /detail/u);
  });
});

test("each happening is one line with its own word and level", () => {
  const { log, entries, clock } = logging({ level: "debug" });
  const at = clock.monotonic();
  log.happened({ kind: "presence", device: device.id, at, source: "trap" });
  log.happened({ kind: "link", device: device.id, at, up: false });
  log.happened({ kind: "link", device: device.id, at, up: true });
  log.happened({ kind: "tripped", at, trip: { scope: "device:plc", cause: "identity_mismatch", detail: "vendor: found X" } });
  log.happened({ kind: "reset", at, scope: "device:plc", by: "eto-1", reason: "swapped back" });
  log.happened({ kind: "stopped", at, stopped: true, by: "eto-1" });
  log.happened({ kind: "stopped", at, stopped: false, by: "eto-1" });
  log.happened({ kind: "held", at, scope: "segment:hvac", held: true, detail: "4 of 5 fell silent" });
  log.happened({ kind: "held", at, scope: "segment:hvac", held: false, detail: "plc answered" });
  log.happened({ kind: "held", at, scope: "hvac", cause: "way_out", held: true, detail: "the poller is cut off: no route" });
  log.happened({ kind: "held", at, scope: "hvac", cause: "way_out", held: false, detail: "the poller reaches it again" });
  log.happened({ kind: "blocked", at, address: "192.0.2.11", check: check("plc"), detail: "off the template" });
  log.happened({ kind: "blocked", at, address: "192.0.2.11", detail: "no permit" });
  for (const change of identityChanges)
    log.happened({ kind: "identity", at, change, identity: identityView("plc", plate), detail: "plc: TM221", by: "poller" });
  log.happened({ kind: "stalled", at, detail: "600 ms" });
  log.reloaded("SIGHUP", []);
  log.reloaded("SIGHUP", ["watchlist.yaml:3 found x", "watchlist.yaml:9 found y"]);
  assert.deepEqual(
    entries().map(({ event, level }) => `${String(event)} ${String(level)}`),
    [
      "presence debug",
      "link warn",
      "link info",
      "tripped error",
      "reset warn",
      "stopped warn",
      "resumed warn",
      "hold error",
      "hold_ended warn",
      "hold error",
      "hold_ended warn",
      "blocked error",
      "blocked error",
      "identity_first_said info",
      "identity_changed error",
      "identity_said_otherwise warn",
      "identity_as_accepted info",
      "identity_accepted info",
      "stalled warn",
      "reloaded info",
      "reload_failed error",
      "problem error",
      "problem error",
    ],
  );
});

test("a hold says what it means, and a segment that is cut off is no hold", () => {
  const { log, entries, clock } = logging();
  const at = clock.monotonic();
  log.happened({ kind: "held", at, scope: "segment:hvac", held: true, detail: "plc fell silent, several others with it" });
  log.happened({ kind: "held", at, scope: "segment:hvac", held: false, detail: "plc answered" });
  log.happened({ kind: "held", at, scope: "hvac", held: true, detail: "the poller is cut off: no route" });
  assert.deepEqual(
    entries().map(({ msg, scope }) => [msg, scope]),
    [
      [
        "HOLD segment hvac: several devices fell silent together; its devices are not asked but one every 15 min, until one answers. Somebody should look",
        "segment:hvac",
      ],
      ["HOLD ended, segment hvac: plc answered; its devices are asked again", "segment:hvac"],
      ["hvac: the poller is cut off: no route", "hvac"],
    ],
  );
});

test("a device that was not asked before and is unknown is no trouble; one that was up is", () => {
  const { log, entries } = logging();
  log.transition({ ...down, from: "unknown", to: "up", cause: "answers" }, device);
  log.transition({ ...down, from: "down", to: "unknown", cause: "stage" }, device);
  log.transition({ ...down, from: "up", to: "unknown", cause: "no_fresh_evidence" }, device);
  assert.deepEqual(
    entries().map(({ level }) => level),
    ["info", "info", "warn"],
  );
});

describe("text of others", () => {
  const nasty = '\u001b[2J\r\n2026-11-21T12:00:00.000Z INFO forged \u202e %s %d %o "quoted"';

  for (const format of ["json", "text"] as const) {
    test(`cannot break out of a line of ${format}, nor reach a terminal`, () => {
      const { log, lines } = logging({ format });
      log.transition({ ...down, detail: nasty }, { ...device, name: nasty });
      log.happened({ kind: "stopped", at: new FakeClock().monotonic(), stopped: true, by: nasty });
      log.bug(new Error(nasty, { cause: new Error(nasty) }));
      assert.equal(lines.length, 3);
      for (const line of lines) {
        assert.match(line, /^[^\p{Cc}\p{Cf}]+\n$/u);
        assert.match(line, /%s %d %o/u);
      }
    });
  }

  test("is cut", () => {
    const { log, lines } = logging();
    log.write("info", "x", "y".repeat(100_000), { z: "z".repeat(100_000) });
    assert.ok((lines[0]?.length ?? 0) < 3000);
  });
});

test("a bug says where, with its causes", () => {
  const { log, entries } = logging();
  log.bug(new Error("outer", { cause: new Error("inner") }));
  log.bug("not even an error");
  assert.match(String(entries()[0]?.["msg"]), /Error: outer \| at .*event-log\.test\.ts.* \| because of Error: inner/u);
  assert.match(String(entries()[1]?.["msg"]), /not even an error/u);
});

test("what is less severe than the level is not written", () => {
  const { log, lines } = logging({ level: "error" });
  log.transition(down, device);
  assert.deepEqual(lines, []);
});

test("nothing is written after the end, and ending twice is once", async () => {
  const { log, lines } = logging();
  await log.close();
  await log.close();
  log.transition(down, device);
  assert.deepEqual(lines, []);
});
