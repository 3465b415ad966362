/** A look: what is new is saved before it is sent, nothing is written for nothing, and what cannot be read is silence. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { JournalNews, NotifyConfig } from "../../src/domain/notify.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { seconds, wallMs } from "../../src/domain/units.ts";
import { newMemory, type Memory } from "../../src/notify/memory.ts";
import { Outbox, type OutboxChange } from "../../src/notify/outbox.ts";
import { Watch } from "../../src/notify/watch.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";

const plan: Plan = literalPlan([{ name: "plc", address: "192.0.2.11" }]);
const config: NotifyConfig = {
  groupWait: seconds(1),
  groupInterval: seconds(1),
  silentAfter: seconds(180),
  nameServers: [],
  targets: [{ id: "log", kind: "syslog", host: "127.0.0.1", port: 514, tls: "none", facility: 3, least: "warning" }],
};
const nothing: JournalNews = { transitions: [], audit: [], trips: [], mark: "a 1", highest: wallMs(0), more: false, replaced: false };

let clock: FakeClock;
let memory: Memory;
let news: JournalNews | { readonly problem: string };
let saved: OutboxChange[];
let asked: number;
let says: string | undefined;
let watch: Watch;
let begins: JournalNews["transitions"];

beforeEach(() => begin([]));

/** A notifier that has read nothing yet; what was last said of each device until then. */
function begin(latest: JournalNews["transitions"]): void {
  begins = latest;
  clock = new FakeClock();
  memory = newMemory(clock.wall(), { transitions: 0, audit: 0 });
  news = nothing;
  saved = [];
  asked = 0;
  says = undefined;
  const store = { save: (change: OutboxChange) => void saved.push(structuredClone(change)) };
  const outbox = new Outbox(store, memory, { notices: [], deliveries: [], records: [] }, ["log"]);
  watch = new Watch({
    clock,
    config,
    memory,
    outbox,
    watched: () => ({ plan, ownCertificate: undefined }),
    news: () => news,
    begin: () => ({ cursors: { transitions: 7, audit: 9 }, latest: begins }),
    latest: begins,
    stop: () => undefined,
    muted: () => () => false,
    pollerSays: () => {
      asked += 1;
      return Promise.resolve(says);
    },
  });
}

/** The poller began at `startedAt`, and the device was last heard at `heardAt`. */
function heardSince(startedAt: number, heardAt: number): JournalNews {
  const [device] = plan.devices.keys();
  assert.ok(device);
  const to = "degraded";
  const row = { device, at: wallMs(heardAt), from: "unknown", to, cause: "cpu_not_running", detail: "CPU STOP", sequence: 7 } as const;
  const started = {
    at: wallMs(startedAt),
    source: "poller",
    category: "lifecycle",
    type: "started",
    result: "success",
    detail: "",
    sequence: 10,
  } as const;
  begin([row]);
  return { ...nothing, audit: [started], mark: "a 2" };
}

function down(): JournalNews {
  const [device] = plan.devices.keys();
  assert.ok(device);
  const row = { device, at: clock.wall(), from: "up", to: "down", cause: "timeout", detail: "", sequence: 1 } as const;
  return { ...nothing, transitions: [row], mark: "a 2" };
}

const told = (): readonly string[] => saved.flatMap(({ notices }) => notices.flatMap(({ items }) => items.map(({ alarm }) => alarm)));

describe("a look", () => {
  test("saves what it has read together with the message that came of it", async () => {
    watch.look();
    news = down();
    watch.look();
    assert.equal(saved.at(-1)?.memory.transitions, 1);
    news = { ...nothing, mark: "a 2" };
    await clock.advance(seconds(2));
    watch.look();
    assert.deepEqual(told(), ["WatchkeeperDeviceDown"]);
    assert.deepEqual(saved.at(-1)?.deliveries, [{ number: 1, target: "log", attempts: 0, problem: "" }]);
  });

  test("in which nothing happens writes nothing, also while the poller goes on writing the time", async () => {
    watch.look();
    const before = saved.length;
    for (let minute = 0; minute < 62; minute++) {
      await clock.advance(seconds(60));
      news = { ...nothing, mark: `a ${minute + 2}` };
      watch.look();
    }
    // The device of which the journal never spoke is unknown: after an hour that is said.
    assert.ok(saved.length - before <= 2, `${saved.length - before} times`);
    const details = saved.flatMap(({ notices }) => notices.flatMap(({ items }) => items.map(({ detail }) => detail)));
    assert.deepEqual(details, ["it never answered, or was never asked"]);
  });

  test("tells the caller that there is more, and that somebody has changed files", () => {
    const record = {
      at: clock.wall(),
      source: "cli",
      category: "approval",
      type: "approve",
      result: "success",
      detail: "",
      sequence: 1,
    } as const;
    news = { ...nothing, audit: [record], more: true };
    assert.deepEqual(watch.look(), { more: true, filesChanged: true, unreadable: undefined });
  });

  test("of another journal in its place begins there, and says so", async () => {
    news = { ...nothing, replaced: true };
    watch.look();
    assert.deepEqual([memory.transitions, memory.audit], [7, 9]);
    news = nothing;
    await clock.advance(seconds(2));
    watch.look();
    assert.deepEqual(told(), ["WatchkeeperAuditReplaced"]);
  });
});

describe("the first look of all, beside a poller that has run for long", () => {
  const hour = 3_600_000;

  test("takes each device as it stands: what was heard since that poller's start is not unknown", async () => {
    const now = clock.wall();
    news = heardSince(now - 3 * hour, now - 2 * hour);
    watch.look();
    assert.deepEqual(
      Object.values(memory.devices).map(({ liveness, since }) => [liveness, since]),
      [["degraded", now - 2 * hour]],
    );
    news = { ...nothing, mark: "a 3" };
    await clock.advance(seconds(2));
    watch.look();
    assert.deepEqual(told(), ["WatchkeeperCpuNotRunning"]);
  });

  test("and what was not heard since then is", () => {
    const now = clock.wall();
    news = heardSince(now - 2 * hour, now - 3 * hour);
    watch.look();
    assert.deepEqual(
      Object.values(memory.devices).map(({ liveness, since }) => [liveness, since]),
      [["unknown", now - 2 * hour]],
    );
  });

  test("also of a journal that was put in the place of another", () => {
    const now = clock.wall();
    const first = heardSince(now - 3 * hour, now - 2 * hour);
    const inItsPlace = begins;
    begin([]);
    begins = inItsPlace;
    news = { ...nothing, replaced: true };
    watch.look();
    news = first;
    watch.look();
    assert.deepEqual(
      Object.values(memory.devices).map(({ liveness }) => liveness),
      ["degraded"],
    );
  });
});

describe("silence", () => {
  test("begins when nothing was written for 3 min; then the poller is asked, once a minute, and what it says is told", async () => {
    watch.look();
    says = "the poller answers; its disk says: disk full";
    await clock.advance(seconds(179));
    watch.look();
    assert.equal(asked, 0);
    for (let look = 0; look < 10; look++) {
      await clock.advance(seconds(2));
      watch.look();
    }
    assert.equal(asked, 1);
    assert.deepEqual([...new Set(told())], ["WatchkeeperAuditFailing"]);
  });

  test("is also a journal that cannot be read", async () => {
    watch.look();
    news = { problem: "journal.sqlite: gone" };
    assert.equal(watch.look().unreadable, "journal.sqlite: gone");
    for (let look = 0; look < 100; look++) {
      await clock.advance(seconds(2));
      watch.look();
    }
    const silent = saved.flatMap(({ notices }) => notices.flatMap(({ items }) => items)).find(({ alarm }) => alarm === "WatchkeeperSilent");
    assert.equal(silent?.detail, "journal.sqlite: gone");
  });
});
