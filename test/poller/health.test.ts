/** What nobody asked a device for and somebody must hear of: a clock that is behind, an audit that cannot be written, and where its chain ends. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { AuditEntry } from "../../src/domain/board.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { Health } from "../../src/poller/health.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { RememberingJournal } from "../store/support/site.ts";
import { FakeClock } from "../support/fake-clock.ts";

class SomeJournal extends RememberingJournal {
  override auditHead = { sequence: 0, hash: "0".repeat(64) };
}

let clock = new FakeClock();
let journal = new SomeJournal();
let lines: (readonly [level: string, event: string, message: string])[] = [];
let audited: string[] = [];

beforeEach(() => {
  clock = new FakeClock();
  journal = new SomeJournal();
  lines = [];
  audited = [];
});

function health(known = clock.wall()): Health {
  const time = new TrustedTime(clock, wallMs(known));
  const log = { write: (level: string, event: string, message: string) => void lines.push([level, event, message]) };
  const recorder = { repeated: (_key: string, { type, result }: Omit<AuditEntry, "at">) => void audited.push(`${type} ${result}`) };
  return new Health({ clock, journal, log, recorder, time });
}
const events = (): readonly string[] => lines.map(([level, event]) => `${level} ${event}`);

describe("a clock that shows less than the highest trusted time", () => {
  test("is said once, and once when it is right again, in log and audit", () => {
    const watch = health();
    watch.look();
    clock.stepWall(-86_400_000);
    watch.look();
    watch.look();
    clock.stepWall(86_400_000);
    watch.look();
    assert.deepEqual(events(), ["info audit_head", "error clock_suspect", "warn clock_right"]);
    assert.match(lines[1]![2], /is 1 d behind the highest trusted time, 2026-11-21T12:00:00\.000Z: .*watchkeeper clock accept/u);
    assert.deepEqual(audited, ["clock_suspect failure", "clock_right success"]);
  });

  test("is written down once a minute, whatever the wall clock shows", async () => {
    const watch = health();
    const noon = clock.wall();
    watch.look();
    clock.stepWall(-86_400_000);
    for (let i = 0; i < 13; i++) {
      await clock.advance(10_000);
      watch.look();
    }
    assert.deepEqual(journal.times, [noon, noon + 60_000, noon + 120_000]);
  });
});

describe("an audit that cannot be written", () => {
  test("is an alarm at once, with what is to be done, and is said again when it can", () => {
    const watch = health();
    watch.look();
    journal.unwritableFor = milliseconds(0);
    journal.problem = "database or disk is full";
    watch.look();
    watch.look();
    journal.unwritableFor = undefined;
    watch.look();
    assert.deepEqual(events(), ["info audit_head", "error audit_unwritable", "warn audit_writable"]);
    assert.match(lines[1]![2], /\(database or disk is full\).*polling ends 1 d after this began; make room/u);
  });

  test("for want of room in itself is said long before", () => {
    journal.auditHead = { sequence: 800_000, hash: "a".repeat(64) };
    const watch = health();
    watch.look();
    watch.look();
    assert.equal(events().filter((event) => event === "error audit_nearly_full").length, 1);
  });
});

test("the head of the audit is in the log when it has changed, at most every 5 s, and once an hour when it has not", async () => {
  const watch = health();
  watch.look();
  for (let sequence = 1; sequence <= 10; sequence++) {
    journal.auditHead = { sequence, hash: String(sequence).padStart(64, "0") };
    await clock.advance(1000);
    watch.look();
  }
  assert.deepEqual(
    lines.map(([, , message]) => message),
    ["the audit ends at record 0", "the audit ends at record 5", "the audit ends at record 10"],
  );
  await clock.advance(3_599_000);
  watch.look();
  assert.equal(lines.length, 3);
  await clock.advance(1000);
  watch.look();
  assert.equal(lines.length, 4);
});
