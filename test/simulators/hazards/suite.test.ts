/** The hazard suite itself: the careless control harms, somebody who asks once a second and lets go does not. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { mustNotBeAsked, type Target } from "../../../simulators/hazards/hazard.ts";
import { carelessPoller, foreignPoller, type StartPolling, watchkeeperPoller } from "../../../simulators/hazards/pollers.ts";
import { hazards, tryAll, type Tried } from "../../../simulators/hazards/suite.ts";
import { Timers } from "../../../simulators/timers.ts";

function request({ ask, unitId }: Target): Buffer {
  const pdu = ask === "registers" ? "0300000001" : "2b0e0100";
  const unit = unitId.toString(16).padStart(2, "0");
  return Buffer.from(`00010000${(pdu.length / 2 + 1).toString(16).padStart(4, "0")}${unit}${pdu}`, "hex");
}

/** Once an interval, one of an address at a time, over a connection that it ends; a device that names another maker is left alone. */
const carefulPoller: StartPolling = (plants) => {
  const timers = new Timers();
  const targets = plants.flatMap((plant) => plant.targets).filter((target) => !mustNotBeAsked(target));
  let over = false;
  const alone = new Set<string>();
  const dead = new Map<string, number>();
  targets.forEach((target, at) => {
    const again = async (): Promise<void> => {
      if (!alone.has(target.id) && (dead.get(target.id) ?? 0) < 2) await visit(target);
      if (!over) timers.after(target.intervalMs, () => void again());
    };
    timers.after(1000 + (at * target.intervalMs) / targets.length, () => void again());
  });
  const visit = async (target: Target): Promise<void> => {
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    // A device may refuse or reset; "close" follows.
    socket.on("error", () => {});
    socket.once("connect", () => socket.write(request(target)));
    // Longer than it need be: on a busy machine a healthy device may be late.
    timers.after(4 * target.answerWithinMs, () => void socket.destroy());
    let heard = false;
    socket.once("data", (reply: Buffer) => {
      heard = true;
      if (target.vendor && !reply.includes(target.vendor)) alone.add(target.id);
      socket.end();
    });
    await closed;
    dead.set(target.id, heard ? 0 : (dead.get(target.id) ?? 0) + (target.behindGateway ? 1 : 0));
  };
  return Promise.resolve({
    notAsked: (plant) => plant.targets.filter(mustNotBeAsked).map(() => "it would be harmed"),
    scrape: () => Promise.resolve(false),
    crash: () => Promise.resolve(),
    lastWords: () => "",
    end: () => {
      over = true;
      return Promise.resolve(timers.clear());
    },
  });
};

const modbus = hazards.filter(({ id }) => !["publish-storm", "sessions-leak", "one-pg-slot", "poison-reply", "scrape-storm"].includes(id));

describe("the fragile devices", { concurrency: 2 }, () => {
  // On a busy machine the loop is too slow to harm those that only load harms.
  test("are harmed by a careless loop, nearly all of them", async () => {
    const tried = await tryAll({ hazards, start: carelessPoller, network: 44, atOnce: 8, together: 1 });
    const unharmed = tried.filter(({ harmed }) => !harmed).map(({ hazard, seen }) => `${hazard.id}: ${seen}`);
    assert.equal(tried.length, hazards.length);
    assert.ok(unharmed.length <= hazards.length / 4, unharmed.join("\n"));
  });

  test("are not harmed by one request an interval over a connection that is ended", async () => {
    const tried = await tryAll({ hazards: modbus, start: carefulPoller, network: 45, atOnce: modbus.length, together: 1 });
    assert.deepEqual(
      tried.filter(({ harmed }) => harmed).map(({ hazard, seen }) => `${hazard.id}: ${seen}`),
      [],
    );
  });
});

/** Quick ones of each kind; S7, OPC UA, scrapes and restarts among them, of which the careful loop above knows nothing. */
const short = [
  "evicts-oldest",
  "hangs-under-load",
  "watchdog-fed-by-mask",
  "watchdog-fed-by-any",
  "trips-on-silence",
  "forbidden-address",
  "more-follows",
  "turns-away",
  "publish-storm",
  "sessions-leak",
  "one-pg-slot",
  "scrape-storm",
  "poison-reply",
];

test("the fragile devices are not harmed by Watchkeeper itself", { timeout: 240_000 }, async () => {
  const wanted = hazards.filter(({ id }) => short.includes(id));
  assert.equal(wanted.length, short.length);
  const tried = await tryAll({ hazards: wanted, start: watchkeeperPoller, network: 47, atOnce: 2, together: 13 });
  assert.deepEqual(
    tried.filter(({ harmed }) => harmed).map(({ hazard, seen }) => `${hazard.id}: ${seen}`),
    [],
  );
  // Who asks nobody harms nobody: only these two may not be asked at all.
  assert.deepEqual(
    tried.filter(({ notAsked }) => notAsked.length > 0).map(({ hazard, notAsked }) => [hazard.id, notAsked[0]!.split(":")[0]]),
    [
      ["watchdog-fed-by-any", "method_withdrawn"],
      ["trips-on-silence", "method_withdrawn"],
    ],
  );
});

describe("somebody's own poller", () => {
  const own = (command: string, only: readonly string[]): Promise<readonly Tried[]> => {
    const wanted = hazards.filter(({ id }) => only.includes(id));
    return tryAll({ hazards: wanted, start: foreignPoller(command), network: 48, atOnce: 2, together: 1 });
  };

  test("is tried by its command: the one that docs/hazards.md shows harms nobody", { timeout: 120_000 }, async () => {
    const page = readFileSync(new URL("../../../docs/hazards.md", import.meta.url), "utf8");
    const [, program] = /```js\n([^]*?)```/u.exec(page) ?? [];
    assert.ok(program !== undefined);
    const folder = mkdtempSync(path.join(tmpdir(), "wk-own-poller-"));
    try {
      const file = path.join(folder, "my-poller.mjs");
      writeFileSync(file, program);
      const tried = await own(`'${process.execPath}' '${file}' {targets}`, ["evicts-oldest", "trips-on-silence", "forbidden-address"]);
      // The drive must not be asked, and the program leaves it alone and ends: that is no failure.
      const seen = tried.map(({ harmed, notAsked }) => [harmed, notAsked]);
      assert.deepEqual(seen, [
        [false, []],
        [false, ["it must not be asked"]],
        [false, []],
      ]);
      assert.match(tried[2]!.seen, /^asked [2-6] times/u);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("that ends by itself ends the run with how it ended and what it last said", { timeout: 120_000 }, async () => {
    await assert.rejects(
      own("sh -c 'echo my.py: no such file >&2; exit 3' {targets}", ["evicts-oldest"]),
      /evicts-oldest: the poller asked nothing: nothing can be said of it; it ended with 3\n {2}my\.py: no such file/u,
    );
  });
});

test("no poller passes that asks nothing and does not say why", { timeout: 120_000 }, async () => {
  const idle: StartPolling = () =>
    Promise.resolve({
      notAsked: () => [],
      scrape: () => Promise.resolve(false),
      crash: () => Promise.resolve(),
      lastWords: () => "",
      end: () => Promise.resolve(),
    });
  const [first] = hazards;
  await assert.rejects(
    tryAll({ hazards: [first!], start: idle, network: 46, atOnce: 1, together: 1, askWithinMs: 200 }),
    /evicts-oldest: the poller asked nothing within 0.2 s, and does not say why/u,
  );
});
