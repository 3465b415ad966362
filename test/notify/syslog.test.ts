/** Syslog frames as a receiver reads them: each counted, each one record, whatever texts of devices and people stand in it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { alarmNames } from "../../src/domain/alarm-kinds.ts";
import { framesOf } from "../../src/notify/syslog.ts";
import { itemWith, noticeWith } from "./support/scene.ts";

/** Half a character would be refused. */
const utf8 = new TextDecoder("utf-8", { fatal: true });
const origin = { facility: 3, hostname: "bridge" };

/** Octet counting as RFC 6587, 3.4.1 has it, and nothing else: throws for anything that is not exactly frames. */
function received(bytes: Buffer): readonly string[] {
  const records: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const count = bytes.toString("latin1", at, space);
    assert.match(count, /^[1-9]\d*$/u);
    const end = space + 1 + Number(count);
    assert.ok(end <= bytes.length, "a frame is as long as it says");
    records.push(utf8.decode(bytes.subarray(space + 1, end)));
    at = end;
  }
  return records;
}

test("one record an item, with priority, time, name of the alarm and an id to tell repeats by", () => {
  const frames = framesOf(noticeWith([itemWith()]), [itemWith()], origin);
  assert.deepEqual(received(Buffer.concat(frames)), [
    '<26>1 2026-11-22T12:00:30.000Z bridge watchkeeper - WatchkeeperDeviceDown [watchkeeper@32473 id="abc-1.0" site="mv-aurora" state="raised" subject="plc-1"] ' +
      "Fresh water PLC (plc-1) is down, since 2026-11-22 12:00:00 UTC: no answer in time. " +
      "Look at its power, cable and switch port; `watchkeeper explain plc-1` says what was tried. Runbook: WatchkeeperDeviceDown",
  ]);
});

test("what is over is a notice, a warning is one, a test says that it is one, lab mode is marked", () => {
  const over = itemWith({ state: "over", until: noticeWith([]).at });
  const warning = itemWith({ alarm: "WatchkeeperDeviceUnknown" });
  const [first, second] = received(Buffer.concat(framesOf(noticeWith([], { lab: true }), [over, warning], origin)));
  assert.match(first ?? "", /^<29>1 .* lab="true"\] Fresh water PLC \(plc-1\) is back; DOWN from /u);
  assert.match(second ?? "", /^<28>1 /u);
  assert.match(received(Buffer.concat(framesOf(noticeWith([]), [], origin)))[0] ?? "", /^<29>1 .* Test \[.* test message of Watchkeeper$/u);
});

describe("no text forges a record", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ unit: "grapheme", maxLength: 3000 }),
    fc.constantFrom("x\n<0>1 - - - - - - forged", "a\r\n12 <0>1 forged", "\u2028\u0000\u001b[2J", 'x"] forged [y z="', "\ud800"),
  );

  test("in any place where a device's or a person's words can stand", () => {
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.array(fc.constantFrom(...alarmNames), { minLength: 1, maxLength: 5 }),
        (name, detail, subject, alarms) => {
          const items = alarms.map((alarm) => itemWith({ alarm, name, detail, subject }));
          const notice = noticeWith(items, { site: subject, id: name });
          const records = received(Buffer.concat(framesOf(notice, items, { facility: 23, hostname: detail })));
          assert.equal(records.length, items.length);
          for (const record of records) {
            assert.ok(Buffer.byteLength(record) <= 2048);
            assert.doesNotMatch(record, /[\p{Cc}\u2028\u2029]/u);
            // Header and structured data end where they should: quotes and brackets of others are escaped.
            assert.match(
              record,
              /^<\d{1,3}>1 \d{4}-\d\d-\d\dT[\d:.]+Z [\x21-\x7e]{1,255} watchkeeper - Watchkeeper\w+ \[watchkeeper@32473( [a-z]+="([^"\\\]]|\\["\\\]])*")+\] /u,
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
