/** Deliveries: again and again until they are taken, one that nobody takes holds up no other, and a full outbox loses the oldest and says so. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NotifyTarget } from "../../src/domain/notify.ts";
import { seconds, wallMs } from "../../src/domain/units.ts";
import { newMemory } from "../../src/notify/memory.ts";
import { deliveriesMax, Outbox, type KeptOutbox, type OutboxChange } from "../../src/notify/outbox.ts";
import { backOff, Postman } from "../../src/notify/postman.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { noticeWith } from "./support/scene.ts";

const target: NotifyTarget = { id: "log", kind: "syslog", host: "127.0.0.1", port: 514, tls: "none", facility: 3, least: "warning" };
const empty: KeptOutbox = { notices: [], deliveries: [], records: [] };
const notice = (number: number): ReturnType<typeof noticeWith> => noticeWith([], { number, id: `abc-${number}` });

/** A disk in memory, which can be full. */
class Disk {
  full = false;
  kept: KeptOutbox = empty;
  save(change: OutboxChange): { readonly problem: string } | undefined {
    if (this.full) return { problem: "disk full" };
    this.kept = JSON.parse(JSON.stringify(change)) as KeptOutbox;
    return undefined;
  }
}

function scene(disk: Disk = new Disk()): {
  disk: Disk;
  clock: FakeClock;
  outbox: Outbox;
  postman: Postman;
  taken: number[];
  tried: number[];
  said: string[];
  refuse: Set<number>;
  down: { now: boolean };
} {
  const clock = new FakeClock();
  const outbox = new Outbox(disk, newMemory(wallMs(0), { transitions: 0, audit: 0 }), disk.kept, ["log"]);
  const [taken, tried, said]: [number[], number[], string[]] = [[], [], []];
  const refuse = new Set<number>();
  const down = { now: false };
  const postman = new Postman(target, {
    clock,
    outbox,
    send: (_target, { number }) => {
      tried.push(number);
      if (number < 0) return Promise.reject(new TypeError("broken"));
      if (down.now || refuse.has(number)) return Promise.resolve("refused");
      taken.push(number);
      return Promise.resolve(undefined);
    },
    say: (level, text) => said.push(`${level} ${text}`),
  });
  return { disk, clock, outbox, postman, taken, tried, said, refuse, down };
}

describe("a message", () => {
  test("is saved before it is sent, and forgotten when it was taken", async () => {
    const { disk, outbox, postman, taken, clock } = scene();
    outbox.add(notice(1), ["log"]);
    outbox.save();
    assert.equal(disk.kept.deliveries.length, 1);
    postman.pump();
    await clock.advance(1);
    assert.deepEqual(taken, [1]);
    assert.deepEqual([disk.kept.deliveries, disk.kept.notices.length, disk.kept.records[0]?.delivered], [[], 0, 1]);
  });

  test("that is not taken is tried after 10 s, 20 s, 40 s, up to every 15 min, and said to be so once", async () => {
    const { outbox, postman, tried, taken, said, clock, down } = scene();
    down.now = true;
    outbox.add(notice(1), ["log"]);
    postman.pump();
    await clock.advance(seconds(9));
    assert.equal(tried.length, 1);
    await clock.advance(seconds(62));
    assert.equal(tried.length, 4);
    await clock.advance(seconds(7200));
    const tries: number = tried.slice().length;
    assert.ok(tries >= 13 && tries <= 16, `${tries} tries in two hours`);
    down.now = false;
    await clock.advance(seconds(900));
    assert.deepEqual(taken, [1]);
    assert.deepEqual(said, ["warn log: not delivered, tried again until it is: refused", "info log: messages arrive again"]);
    assert.equal(clock.waiting, 0);
  });

  test("that nobody takes holds up none that comes after it", async () => {
    const { outbox, postman, taken, clock, refuse } = scene();
    refuse.add(1);
    for (const number of [1, 2, 3]) outbox.add(notice(number), ["log"]);
    postman.pump();
    await clock.advance(seconds(30));
    assert.deepEqual(taken, [2, 3]);
    await clock.advance(seconds(3600));
    outbox.add(notice(4), ["log"]);
    postman.pump();
    await clock.advance(seconds(11));
    assert.deepEqual(taken, [2, 3, 4]);
    await postman.end();
  });

  test("is sent after a kill, twice rather than never", async () => {
    const first = scene();
    first.outbox.add(notice(1), ["log"]);
    first.outbox.save();
    const second = scene(first.disk);
    second.postman.pump();
    await second.clock.advance(1);
    assert.deepEqual(second.taken, [1]);
  });

  test("with which something is wrong here is a failure like any other, and the others go out", async () => {
    const { outbox, postman, taken, clock, said } = scene();
    for (const number of [-1, 2]) outbox.add(notice(number), ["log"]);
    postman.pump();
    await clock.advance(seconds(11));
    assert.deepEqual(taken, [2]);
    assert.match(said[0] ?? "", /a mistake in Watchkeeper: TypeError: broken$/u);
    await postman.end();
  });

  test("for a target that is named no more is given up", () => {
    const { disk, outbox } = scene();
    outbox.add(notice(1), ["log"]);
    outbox.save();
    const other = new Outbox(disk, newMemory(wallMs(0), { transitions: 0, audit: 0 }), disk.kept, ["mail"]);
    assert.deepEqual(other.waiting("log"), []);
  });

  test("goes out also while the disk is full", async () => {
    const { disk, outbox, postman, taken, clock } = scene();
    disk.full = true;
    outbox.add(notice(1), ["log"]);
    outbox.save();
    assert.equal(outbox.problem, "disk full");
    postman.pump();
    await clock.advance(1);
    assert.deepEqual(taken, [1]);
    disk.full = false;
    outbox.save();
    assert.equal(outbox.problem, undefined);
    assert.equal(disk.kept.records[0]?.delivered, 1);
  });
});

test("of more messages than the outbox holds the oldest go, counted", () => {
  const { outbox } = scene();
  for (let number = 1; number <= deliveriesMax + 3; number++) outbox.add(notice(number), ["log"]);
  const waiting = outbox.waiting("log");
  assert.equal(waiting.length, deliveriesMax);
  assert.equal(waiting[0]?.number, 4);
  assert.equal(outbox.records[0]?.dropped, 3);
});

test("the wait doubles up to a quarter of an hour", () => {
  assert.deepEqual([0, 1, 2, 6, 7, 1000].map(backOff), [10_000, 20_000, 40_000, 640_000, 900_000, 900_000]);
});
