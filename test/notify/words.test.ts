/** Messages as a person reads them: short, plain, what to do, and never more than a page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf } from "../../src/notify/webhook-body.ts";
import { itemsFor, subjectOf, textOf } from "../../src/notify/words.ts";
import { itemWith, noticeWith } from "./support/scene.ts";

const until = noticeWith([]).at;

test("one alarm is a sentence in the subject, and in the text what to do and the runbook", () => {
  const items = [itemWith()];
  assert.equal(subjectOf(noticeWith(items), items), "[mv-aurora] Fresh water PLC is down");
  assert.equal(
    textOf(noticeWith(items), items),
    [
      "DOWN",
      "  Fresh water PLC (plc-1) is down, since 2026-11-22 12:00:00 UTC: no answer in time",
      "  Do: Look at its power, cable and switch port; `watchkeeper explain plc-1` says what was tried.",
      "  Runbook: WatchkeeperDeviceDown",
      "",
      "1 alarm stands at 2026-11-22 12:00:30 UTC.",
      "Message abc-1 of Watchkeeper, site mv-aurora.",
      "",
    ].join("\n"),
  );
});

test("its end is said without advice, and in lab mode the subject and the text say so", () => {
  const items = [itemWith({ state: "over", until })];
  const notice = noticeWith(items, { standing: 0, lab: true });
  assert.equal(subjectOf(notice, items), "[LAB mv-aurora] Fresh water PLC is back");
  assert.match(
    textOf(notice, items),
    /^OVER: DOWN\n {2}Fresh water PLC \(plc-1\) is back; DOWN from 2026-11-22 12:00:00 UTC to 2026-11-22 12:00:30 UTC: no answer in time\n\nNo alarm stands/u,
  );
  assert.doesNotMatch(textOf(notice, items), /Runbook/u);
});

test("three hundred losses are counted in the subject and twenty lines of the text", () => {
  const items = [
    ...Array.from({ length: 300 }, (_, index) => itemWith({ subject: `plc-${index}` })),
    itemWith({ alarm: "WatchkeeperStopped", state: "passed", until }),
  ];
  assert.equal(subjectOf(noticeWith(items), items), "[mv-aurora] 300 DOWN, 1 STOPPED");
  const lines = textOf(noticeWith(items), items).split("\n");
  assert.ok(lines.length < 35, `${lines.length} lines`);
  assert.ok(lines.includes("  and 280 more: `watchkeeper status`"));
  assert.ok(lines.includes("OVER ALREADY: STOPPED"));
});

test("a newline in a name makes neither a line nor a header", () => {
  const items = [itemWith({ name: "x\r\nBcc: all@ship.example\r\n\r\nforged" })];
  assert.doesNotMatch(subjectOf(noticeWith(items), items), /[\r\n]/u);
  assert.ok(!textOf(noticeWith(items), items).split("\n").includes("forged"));
});

test("a target for critical alarms is not told of warnings, and everybody of a test", () => {
  const items = [itemWith(), itemWith({ alarm: "WatchkeeperDeviceUnknown" })];
  assert.equal(itemsFor(noticeWith(items), "critical").length, 1);
  assert.equal(itemsFor(noticeWith(items), "warning").length, 2);
  assert.equal(subjectOf(noticeWith([]), []), "[mv-aurora] test message");
  assert.match(textOf(noticeWith([]), []), /^This is a test/u);
});

test("a webhook gets ids, times and words; Alertmanager gets alerts that stand until they are over", () => {
  const items = [
    itemWith(),
    itemWith({ alarm: "WatchkeeperTripped", state: "over", subject: "segment:hvac", until }),
    itemWith({ alarm: "WatchkeeperGuardBlocked", state: "event", until }),
  ];
  const own = JSON.parse(bodyOf("watchkeeper", noticeWith(items), items)) as Record<string, unknown>;
  assert.equal(own["schema"], "notice/v1");
  assert.equal(own["id"], "abc-1");
  assert.equal((own["items"] as readonly Record<string, unknown>[])[1]?.["until"], "2026-11-22T12:00:30.000Z");
  const alerts = JSON.parse(bodyOf("alertmanager", noticeWith(items), items)) as readonly {
    labels: Record<string, string>;
    startsAt: string;
    endsAt: string;
  }[];
  assert.deepEqual(
    alerts.map(({ labels }) => labels),
    [
      { alertname: "WatchkeeperDeviceDown", severity: "critical", site: "mv-aurora", device: "plc-1" },
      { alertname: "WatchkeeperTripped", severity: "critical", site: "mv-aurora", scope: "segment:hvac" },
      { alertname: "WatchkeeperGuardBlocked", severity: "critical", site: "mv-aurora", scope: "plc-1" },
    ],
  );
  assert.deepEqual(
    alerts.map(({ endsAt }) => endsAt),
    ["2026-12-22T12:00:30.000Z", "2026-11-22T12:00:30.000Z", "2026-11-22T13:00:30.000Z"],
  );
  assert.match(bodyOf("alertmanager", noticeWith([]), []), /WatchkeeperTest/u);
});
