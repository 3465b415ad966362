/** People are told once, in few messages, of what stands and when it is over; a restart of the notifier or the poller changes none of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Notice } from "../../src/domain/notify.ts";
import type { WallMs } from "../../src/domain/units.ts";
import { inShort, Scene } from "./support/scene.ts";

const shorts = (notices: readonly Notice[]): readonly (readonly string[])[] => notices.map(({ items }) => items.map(inShort));

describe("a device", () => {
  test("that goes down is told after 30 s, once, and again when it is back", () => {
    const scene = new Scene("plc");
    scene.turns("plc", "up", "answers");
    scene.wait(60);
    scene.turns("plc", "down", "timeout");
    const [told] = scene.wait(600);
    assert.deepEqual(told?.items, [
      {
        alarm: "WatchkeeperDeviceDown",
        state: "raised",
        subject: "plc",
        name: "Device plc",
        since: told?.items[0]?.since,
        detail: "no answer in time",
      },
    ]);
    assert.equal(told?.standing, 1);
    scene.turns("plc", "up", "answers");
    const said = scene.wait(3600);
    assert.deepEqual(shorts(said), [["over WatchkeeperDeviceDown plc"]]);
    assert.equal(said[0]?.standing, 0);
  });

  test("that was down for less than a message takes one line", () => {
    const scene = new Scene("plc");
    scene.turns("plc", "down", "timeout");
    scene.wait(10);
    scene.turns("plc", "up", "answers");
    assert.deepEqual(shorts(scene.wait(600)), [["passed WatchkeeperDeviceDown plc"]]);
  });

  test("that was down and back while nobody looked is told all the same", () => {
    const scene = new Scene("plc");
    scene.look();
    scene.turns("plc", "down", "timeout");
    scene.now = (scene.now + 60_000) as WallMs;
    scene.turns("plc", "up", "answers");
    const [told] = scene.wait(60);
    const [item] = told?.items ?? [];
    assert.equal(item?.state, "passed");
    assert.equal((item?.until ?? 0) - (item?.since ?? 0), 60_000);
  });

  test("that is down is not called back because the poller was started, stopped or cut off", () => {
    const scene = new Scene("plc");
    scene.turns("plc", "down", "timeout");
    scene.wait(60);
    scene.records("started");
    scene.wait(60);
    scene.turns("plc", "unknown", "stopped");
    scene.wait(60);
    scene.turns("plc", "down", "timeout");
    assert.deepEqual(scene.wait(3600), []);
    scene.turns("plc", "degraded", "protocol_error");
    assert.deepEqual(shorts(scene.wait(60)), [["over WatchkeeperDeviceDown plc"]]);
  });

  test("that is taken off the watchlist while it is down is over, and says so", () => {
    const scene = new Scene("plc");
    scene.turns("plc", "down", "timeout");
    scene.wait(60);
    scene.devices.clear();
    const [told] = scene.wait(360);
    assert.deepEqual(told?.items.map(inShort), ["gone WatchkeeperDeviceDown plc"]);
  });

  test("that is unknown is told after an hour, also one of which the journal never spoke", () => {
    const scene = new Scene("plc", "hmi");
    scene.turns("plc", "unknown", "no_fresh_evidence");
    assert.deepEqual(scene.wait(3500), []);
    assert.deepEqual(shorts(scene.wait(200)), [["raised WatchkeeperDeviceUnknown hmi", "raised WatchkeeperDeviceUnknown plc"]]);
  });

  test("that is unknown for a reason of its own is not told", () => {
    const scene = new Scene("a", "b", "c", "d");
    scene.turns("a", "unknown", "tripped");
    scene.turns("b", "unknown", "window_pause");
    scene.turns("c", "unknown", "behind");
    scene.turns("d", "unknown", "approval_expired");
    assert.deepEqual(scene.wait(7200), []);
  });

  test("of a site that was stopped for a day has its hour from the resumption on", () => {
    const scene = new Scene("plc");
    scene.turns("plc", "unknown", "not_asked_yet");
    scene.look();
    scene.stop = { since: scene.now, detail: "by eto-1: yard" };
    scene.wait(86_400);
    scene.stop = undefined;
    assert.deepEqual(shorts(scene.wait(3000)), [["over WatchkeeperStopped site"]]);
    assert.deepEqual(shorts(scene.wait(1000)), [["raised WatchkeeperDeviceUnknown plc"]]);
  });

  test("whose CPU stops is told as that after a minute, one that is not well after ten", () => {
    const scene = new Scene("plc", "drive");
    scene.turns("plc", "degraded", "cpu_not_running", "CPU STOP");
    scene.turns("drive", "degraded", "expectation_failed");
    assert.deepEqual(shorts(scene.wait(300)), [["raised WatchkeeperCpuNotRunning plc"]]);
    assert.deepEqual(shorts(scene.wait(400)), [["raised WatchkeeperDeviceDegraded drive"]]);
  });
});

describe("grouping", () => {
  test("makes a handful of messages of three hundred losses", () => {
    const ids = Array.from({ length: 300 }, (_, index) => `plc-${index}`);
    const scene = new Scene(...ids);
    const said: Notice[] = [];
    for (const id of ids) {
      scene.turns(id, "down", "timeout");
      said.push(...scene.wait(5).slice(0, 1));
    }
    said.push(...scene.wait(600));
    assert.ok(said.length <= 7, `${said.length} messages`);
    const told = said.flatMap(({ items }) => items.map(({ subject }) => subject));
    assert.deepEqual(told.toSorted(), ids.toSorted());
  });

  test("holds a flapping device to a message every 5 min", () => {
    const scene = new Scene("plc");
    const said: Notice[] = [];
    for (let minute = 0; minute < 60; minute++) {
      scene.turns("plc", minute % 2 === 0 ? "down" : "up", minute % 2 === 0 ? "timeout" : "answers");
      said.push(...scene.wait(60));
    }
    assert.ok(said.length <= 13, `${said.length} messages in an hour`);
  });

  test("puts the most urgent first", () => {
    const scene = new Scene("plc", "hmi");
    scene.turns("hmi", "down", "timeout");
    scene.trips = [{ scope: "device:plc", cause: "identity_mismatch", detail: "found ACME", since: scene.now }];
    assert.deepEqual(shorts(scene.wait(60)), [["raised WatchkeeperIdentityChanged device:plc", "raised WatchkeeperDeviceDown hmi"]]);
  });
});

describe("a mute or a pause", () => {
  test("keeps a device quiet, and what still stands at its end is told then", () => {
    const scene = new Scene("plc", "hmi");
    scene.muted.add("plc").add("hmi");
    scene.turns("plc", "down", "timeout");
    scene.turns("hmi", "down", "timeout");
    assert.deepEqual(scene.wait(3600), []);
    scene.turns("hmi", "up", "answers");
    scene.wait(10);
    scene.muted.clear();
    assert.deepEqual(shorts(scene.wait(60)), [["raised WatchkeeperDeviceDown plc"]]);
  });

  test("lets through what was told before and is over, and what concerns safety", () => {
    const scene = new Scene("plc");
    scene.turns("plc", "down", "timeout");
    scene.wait(60);
    scene.muted.add("plc");
    scene.turns("plc", "up", "answers");
    scene.trips = [{ scope: "device:plc", cause: "harm", detail: "", since: scene.now }];
    assert.deepEqual(shorts(scene.wait(60)), [["raised WatchkeeperTripped device:plc", "over WatchkeeperDeviceDown plc"]]);
  });
});

test("another firmware is told, muted as its device is, and over when a person has accepted it; where it tripped the trip alone is told", () => {
  const scene = new Scene("plc", "hmi");
  scene.muted.add("hmi");
  for (const device of ["plc", "hmi"])
    scene.records("identity_changed", `${device}, modbus-fc43 at 192.0.2.11 unit 1: firmware "1.0" > "1.1"`, { category: "configuration" });
  const [told] = scene.wait(60);
  assert.deepEqual(told?.items.map(inShort), ["raised WatchkeeperIdentityChanged plc"]);
  assert.equal(told?.items[0]?.detail, 'firmware "1.0" > "1.1"');
  scene.records("identity_accepted", 'plc, modbus-fc43 at 192.0.2.11 unit 1: firmware "1.1": update of today', { category: "approval" });
  assert.deepEqual(shorts(scene.wait(360)), [["over WatchkeeperIdentityChanged plc"]]);
  scene.records("identity_changed", 'plc, modbus-fc43 at 192.0.2.11 unit 1: vendor "A" > "B"', { category: "configuration" });
  scene.trips = [{ scope: "device:plc", cause: "identity_mismatch", detail: "vendor", since: scene.now }];
  assert.deepEqual(shorts(scene.wait(360)), [["raised WatchkeeperIdentityChanged device:plc"]]);
});

describe("the poller", () => {
  test("that writes nothing for 3 min is silent, and its next record ends that; a restart of the notifier does not", () => {
    const scene = new Scene();
    scene.look();
    scene.stillForMs = 179_000;
    assert.deepEqual(scene.wait(60), []);
    scene.stillForMs = 181_000;
    const [told] = scene.wait(60);
    assert.deepEqual(told?.items.map(inShort), ["raised WatchkeeperSilent site"]);
    scene.restart();
    scene.stillForMs = 5000;
    assert.deepEqual(scene.wait(3600), []);
    scene.stillForMs = 0;
    assert.deepEqual(shorts(scene.wait(60)), [["over WatchkeeperSilent site"]]);
  });

  test("that answers and writes nothing has an audit that fails; one that ended as told says so", () => {
    const scene = new Scene();
    scene.look();
    scene.pollerSays = "the poller answers; its disk says: disk full";
    scene.stillForMs = 200_000;
    const [told] = scene.wait(60);
    assert.deepEqual(
      told?.items.map(({ alarm, detail }) => `${alarm} ${detail}`),
      [`WatchkeeperAuditFailing ${scene.pollerSays}`],
    );
    const other = new Scene();
    other.records("ended");
    other.look();
    other.stillForMs = 200_000;
    assert.match(other.wait(60)[0]?.items[0]?.detail ?? "", /^it ended as it was told to, 2026-11-22T12:00:00/u);
  });

  test("stopped, resumed, held, cut off, suspect, wrong in its files: each is told and ends", () => {
    const scene = new Scene();
    scene.stop = { since: scene.now, detail: "by eto-1: fire drill" };
    scene.records("hold", "segment:hvac: 3 of 4 devices fell silent", { category: "guard" });
    scene.records("hold", "bilge: nothing on the segment answers", { category: "guard" });
    scene.records("clock_suspect", "behind");
    scene.records("reload", "watchlist.yaml:4: found x", { category: "configuration", result: "failure" });
    const raised = scene.wait(1200).flatMap(({ items }) => items.map(inShort));
    const kinds = ["CutOff bilge", "Held segment:hvac", "Stopped site", "ClockSuspect site", "ReloadFailed site"];
    assert.deepEqual(raised.toSorted(), kinds.map((one) => `raised Watchkeeper${one}`).toSorted());
    scene.stop = undefined;
    scene.records("hold_ended", "2 times within a minute, the last: segment:hvac: an answer", { category: "guard" });
    scene.records("hold_ended", "bilge: heard again", { category: "guard" });
    scene.records("clock_accepted");
    scene.records("reload", "plan", { category: "configuration" });
    const over = scene.wait(600).flatMap(({ items }) => items.map(inShort));
    assert.deepEqual(over.toSorted(), kinds.map((one) => `over Watchkeeper${one}`).toSorted());
  });

  test("that blocks a frame or loses records says so as it happens, with no end", () => {
    const scene = new Scene("plc");
    scene.records("blocked", "plc/modbus-fc43: off its template", { category: "guard", result: "refused" });
    scene.records("records_lost", "7 records");
    scene.records("journal_replaced", "an older one");
    assert.deepEqual(shorts(scene.wait(600)), [
      ["event WatchkeeperAuditFailing site", "event WatchkeeperAuditReplaced site", "event WatchkeeperGuardBlocked plc"],
    ]);
  });

  test("tells approvals that run out once, and that they are renewed", () => {
    const scene = new Scene();
    scene.endings = [
      { alarm: "WatchkeeperApprovalExpiring", subject: "schneider-m221", detail: "the approval of schneider-m221 ends on 2026-12-01" },
    ];
    assert.deepEqual(shorts(scene.wait(86_400)), [["raised WatchkeeperApprovalExpiring schneider-m221"]]);
    scene.endings = [];
    assert.deepEqual(shorts(scene.wait(60)), [["over WatchkeeperApprovalExpiring schneider-m221"]]);
  });
});

test("whatever happens, every device that is told down was not told so before, and is told over exactly when it is back", () => {
  const step = fc.record({
    device: fc.constantFrom("a", "b", "c"),
    to: fc.constantFrom("up" as const, "down" as const, "unknown" as const),
    wait: fc.integer({ min: 0, max: 400 }),
    restart: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const scene = new Scene("a", "b", "c");
      const down = new Set<string>();
      const ids = new Set<string>();
      const hear = (notices: readonly Notice[]): void => {
        for (const { id, items } of notices) {
          assert.ok(!ids.has(id), "a message's id is given once");
          ids.add(id);
          for (const { alarm, state, subject } of items.filter((item) => item.alarm === "WatchkeeperDeviceDown")) {
            assert.equal(down.has(subject), state === "over", `${state} ${alarm} ${subject}`);
            if (state === "raised") down.add(subject);
            if (state === "over") down.delete(subject);
          }
        }
      };
      const latest = new Map<string, string>();
      for (const { device, to, wait, restart } of steps) {
        scene.turns(device, to, to === "up" ? "answers" : "timeout");
        if (to !== "unknown") latest.set(device, to);
        hear(scene.wait(wait));
        if (restart) scene.restart();
      }
      hear(scene.wait(700));
      assert.deepEqual(
        [...down].toSorted(),
        [...latest]
          .filter(([, to]) => to === "down")
          .map(([device]) => device)
          .toSorted(),
      );
    }),
    { numRuns: 60 },
  );
});
