/** What the audit says of a window that somebody else extends or closes, and what is said of one that waits for the poller's clock. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Fact } from "../../src/domain/outcome.ts";
import { wallMs, type WallMs } from "../../src/domain/units.ts";
import { windowInWords } from "../../src/domain/windows.ts";
import { WindowKeeper } from "../../src/poller/windows.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { RememberingJournal } from "../store/support/site.ts";

const plan = literalPlan([{ name: "plc", address: "192.0.2.11" }]);

interface Scene {
  readonly windows: WindowKeeper;
  readonly clock: FakeClock;
  readonly time: TrustedTime;
  readonly facts: readonly Fact[];
}

/** @param known the time that an earlier run trusted */
function scene(t: TestContext, known: (now: WallMs) => WallMs = (now) => now): Scene {
  const stateDir = mkdtempSync(join(tmpdir(), "watchkeeper-windows-"));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const clock = new FakeClock();
  const time = new TrustedTime(clock, known(clock.wall()));
  const facts: Fact[] = [];
  const windows = new WindowKeeper({
    clock,
    time,
    journal: new RememberingJournal(),
    stateDir,
    kept: { next: 1, windows: [] },
    plan: () => plan,
    gate: () => ({ pausing: () => undefined }),
    record: (fact) => facts.push(fact),
  });
  return { windows, clock, time, facts };
}

test("the record of an extension and of a close has the words of whoever extends or closes it, never under another's name", async (t) => {
  const { windows, facts } = scene(t);
  const handlers = windows.handlers;
  await handlers["window-open"]({ kind: "mute", scope: "site", forMs: 3_600_000, by: "eto-1", reason: "cable work" });
  await handlers["window-extend"]({ id: "w1", forMs: 3_600_000, by: "eto-2", reason: "takes longer" });
  const closed = await handlers["window-close"]({ id: "w1", by: "chief", reason: "enough" });
  const told = facts.flatMap((fact) => (fact.kind === "window" && fact.by !== "poller" ? [fact] : []));
  assert.deepEqual(
    told.map(({ by, change, window }) => [by, change, windowInWords(window).split(" UTC, by ").at(-1)]),
    [
      ["eto-1", "opened", "eto-1: cable work"],
      ["eto-2", "extended", "eto-2: takes longer"],
      ["chief", "closed", "chief: enough"],
    ],
  );
  assert.equal(closed.ok && closed.result.window.by, "eto-1", "the window itself stays its owner's");
});

test("a mute or a deep query that waits until the clock is trusted says so when it is opened; a pause holds at once", async (t) => {
  const { windows, clock, time } = scene(t, (now) => wallMs(now - 86_400_000));
  const opened = async (kind: "mute" | "deep-query" | "pause") => {
    const reply = await windows.handlers["window-open"]({ kind, scope: "device:plc", forMs: 3_600_000, by: "eto-1", reason: "work" });
    assert.ok(reply.ok, JSON.stringify(reply));
    return [reply.result.window.open, reply.result.warnings.filter((line) => line.startsWith("it does not hold yet"))] as const;
  };
  const waits = "it does not hold yet: in the minute after a start, or after the clock was set, the poller does not trust its clock";
  assert.deepEqual(await opened("mute"), [false, [waits]]);
  assert.deepEqual(await opened("deep-query"), [false, [waits]]);
  assert.deepEqual(await opened("pause"), [false, []]);
  for (let second = 0; second <= 61; second++) {
    time.look();
    await clock.advance(1000);
  }
  assert.deepEqual(await opened("mute"), [true, []]);
  assert.ok(windows.status().every(({ open }) => open));
});
