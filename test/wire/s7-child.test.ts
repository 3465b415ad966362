/** The process of node-snap7: kept apart, started again at a bounded rate, and never believed where it makes no sense. */
import assert from "node:assert/strict";
import { readFileSync, readlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { ExchangeEnded } from "../../src/domain/driver.ts";
import { s7CallsMax, s7ChildAnswersWithin, s7ChildReadyWithin, s7ChildRestartMost, s7ConversationsMax } from "../../src/domain/limits.ts";
import { S7Child } from "../../src/wire/s7-child.ts";
import { FakeClock, settled } from "../support/fake-clock.ts";
import { healthyS7Reply } from "../support/s7-checks.ts";
import { startedS7Child } from "../support/s7-real.ts";
import { programOf } from "./support/odd-child.ts";

const connect = { call: "connect", rack: 0, slot: 2, connectionType: 3 } as const;
const bare = { root: false } as const;

/** What happened to the process so far, and a way to wait for more of it. */
function troubles(): { readonly all: string[]; tell: (detail: string) => void; more: () => Promise<string> } {
  const all: string[] = [];
  let wake = (): void => {};
  const tell = (detail: string): void => {
    all.push(detail);
    wake();
  };
  const more = async (): Promise<string> => {
    const before = all.length;
    while (all.length === before) await new Promise<void>((resolve) => (wake = resolve));
    return all.at(-1)!;
  };
  return { all, tell, more };
}

describe("the process of node-snap7", () => {
  test("says truly how it is kept apart, and has nothing of the poller's environment", async () => {
    const child = await startedS7Child();
    try {
      const pid = child.pid!;
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      assert.equal(child.isolation.running, true);
      assert.equal(child.isolation.ownNetwork, readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync("/proc/self/ns/net"));
      assert.equal(child.isolation.ownUser, !new RegExp(`^Uid:\\t${process.getuid?.() ?? 0}\\t`, "mu").test(status));
      assert.match(
        child.isolation.detail,
        /^(no network but its own loopback|the poller's own network).*; (another user|the poller's own user)/u,
      );
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
      // Its own, the channel's, and what a shell between adds.
      const known = /^(UV_THREADPOOL_SIZE|NODE_CHANNEL_FD|NODE_CHANNEL_SERIALIZATION_MODE|PWD|OLDPWD|SHLVL|_)=/u;
      assert.deepEqual(
        environment.filter((line) => !known.test(line)),
        [],
      );
      assert.equal(readlinkSync(`/proc/${pid}/cwd`), "/");
      assert.match(readFileSync(`/proc/${pid}/cmdline`, "utf8"), /--max-old-space-size=64/u);
    } finally {
      await child.close();
    }
  });

  test("does not end by the signals that a terminal sends to the poller and all its processes", async () => {
    const { all, tell } = troubles();
    const child = await startedS7Child({ onTrouble: tell });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"] as const) process.kill(child.pid!, signal);
    const conversation = child.converse((frame) =>
      conversation.reply(Buffer.from(healthyS7Reply(Buffer.from(frame).toString("hex")), "hex")),
    );
    assert.equal(await conversation.call(connect), undefined);
    assert.deepEqual(all, []);
    await child.close();
  });

  test("that is killed fails the call that is out as driver_unavailable, and is started again after 1 s", async () => {
    const clock = new FakeClock();
    const { tell, more } = troubles();
    const child = await startedS7Child({ clock, onTrouble: tell });
    try {
      const conversation = child.converse(() => process.kill(child.pid!, "SIGKILL"));
      const told = more();
      await assert.rejects(conversation.call(connect), (error) => error instanceof ExchangeEnded && error.failure === "driver_unavailable");
      assert.match(await told, /ended \(signal SIGKILL\); it is started again 1 s later$/u);
      assert.match(child.unavailable() ?? "", /started again 1 s later/u);
      assert.equal(child.isolation.running, false);
      assert.throws(() => child.converse(() => {}), ExchangeEnded);
      await assert.rejects(conversation.call(connect), ExchangeEnded);
      await clock.advance(1000);
      while (child.unavailable() !== undefined) await settled();
      const again = child.converse((frame) => again.reply(Buffer.from(healthyS7Reply(Buffer.from(frame).toString("hex")), "hex")));
      assert.equal(await again.call(connect), undefined);
      again.end();
    } finally {
      await child.close();
    }
    assert.equal(clock.waiting, 0);
  });

  test("that is stopped in the middle is ended after 2 s, and no device is blamed for it", async () => {
    const clock = new FakeClock();
    const { tell, more } = troubles();
    const child = await startedS7Child({ clock, onTrouble: tell });
    const conversation = child.converse(() => assert.fail("a frame"));
    process.kill(child.pid!, "SIGSTOP");
    const told = more();
    const call = conversation.call(connect).catch((error: unknown) => error);
    await clock.advance(s7ChildAnswersWithin - 1);
    assert.equal(child.unavailable(), undefined);
    await clock.advance(1);
    assert.match(await told, /it said nothing for 2 s/u);
    const failed = await call;
    assert.ok(failed instanceof ExchangeEnded && failed.failure === "driver_unavailable");
    await child.close();
    assert.equal(clock.waiting, 0);
  });

  test("that ends again and again is started more and more rarely, at last every 10 min", async () => {
    using program = programOf("process.exit(3)");
    const clock = new FakeClock();
    const { all, tell, more } = troubles();
    const child = new S7Child({ clock, program: program.path, onTrouble: tell, offered: bare });
    await child.prepare();
    const spans: number[] = [];
    for (let round = 0; round < 12; round++) {
      spans.push(Number(/again (\d+) s later/u.exec(all.at(-1)!)![1]));
      const told = more();
      await clock.advance(spans.at(-1)! * 1000 - 1);
      assert.equal(all.length, round + 1, "started before its time");
      await clock.advance(1);
      await told;
    }
    assert.deepEqual(spans, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    assert.match(all[0]!, /exit code 3/u);
    await child.close();
    assert.equal(clock.waiting, 0);
  });

  test("that has lived for long begins anew with 1 s", async () => {
    const clock = new FakeClock();
    const { tell, more } = troubles();
    const child = await startedS7Child({ clock, onTrouble: tell });
    const end = async (): Promise<string> => {
      const told = more();
      process.kill(child.pid!, "SIGSEGV");
      return await told;
    };
    assert.match(await end(), /signal SIGSEGV.*again 1 s later/u);
    await clock.advance(1000);
    while (child.unavailable() !== undefined) await settled();
    assert.match(await end(), /again 2 s later/u);
    await clock.advance(2000);
    while (child.unavailable() !== undefined) await settled();
    await clock.advance(s7ChildRestartMost);
    assert.match(await end(), /again 1 s later/u);
    await child.close();
  });

  test("that cannot load its addon is not tried again, and one line says what to do", async () => {
    using program = programOf(`process.send({ say: "unavailable", detail: "Cannot find module" })`);
    const clock = new FakeClock();
    const { all, tell } = troubles();
    const child = new S7Child({ clock, program: program.path, onTrouble: tell, offered: bare });
    await child.prepare();
    const line =
      "node-snap7 cannot be loaded (Cannot find module): S7 checks are off, everything else works. To switch them on, install python3, make and g++, then: npm run postinstall";
    assert.deepEqual([child.unavailable(), all], [line, [line]]);
    assert.equal(clock.waiting, 0);
    await child.close();
  });

  test("that says something else is ended", async () => {
    using program = programOf(`process.send({ say: "ready", user: "root" }); setInterval(() => {}, 1000)`);
    const { all, tell } = troubles();
    const child = new S7Child({ clock: new FakeClock(), program: program.path, onTrouble: tell, offered: bare });
    await child.prepare();
    assert.match(all[0]!, /it said something that makes no sense/u);
    await child.close();
  });

  test("that does not become ready gives way to the next arrangement, and at last to waiting", async () => {
    using program = programOf("setInterval(() => {}, 1000)");
    const clock = new FakeClock();
    const { tell, all } = troubles();
    const child = new S7Child({ clock, program: program.path, onTrouble: tell, offered: { root: false, setpriv: "/bin/false" } });
    const prepared = child.prepare();
    while (child.pid === undefined || !readFileSync(`/proc/${child.pid}/cmdline`, "utf8").startsWith(process.execPath)) await settled();
    await clock.advance(s7ChildReadyWithin);
    await prepared;
    assert.match(all[0]!, /not ready within 10 s/u);
    await child.close();
  });

  test("takes no more conversations, and no more calls at once, than it has files and threads for", async () => {
    const child = await startedS7Child();
    try {
      const calling = Array.from({ length: s7CallsMax }, () => child.converse(() => {}));
      for (const conversation of calling) void conversation.call(connect).catch(() => undefined);
      assert.match(child.unavailable() ?? "", /waits for 60 devices at once/u);
      for (const conversation of calling) conversation.end();
      assert.equal(child.unavailable(), undefined);
      const idle = Array.from({ length: s7ConversationsMax }, () => child.converse(() => {}));
      assert.match(child.unavailable() ?? "", /200 connections open/u);
      for (const conversation of idle) conversation.end();
      assert.equal(child.unavailable(), undefined);
    } finally {
      await child.close();
    }
  });

  test("gives back the threads of calls that were ended: more than it has, one round after the other", async () => {
    const child = await startedS7Child();
    try {
      for (let round = 0; round < 3; round++) {
        const asked = Promise.withResolvers<void>();
        let out = 0;
        const calling = Array.from({ length: s7CallsMax }, () => child.converse(() => (out += 1) === s7CallsMax && asked.resolve()));
        for (const conversation of calling) void conversation.call(connect).catch(() => undefined);
        // Each has a thread, and waits for its device, for 60 s if nothing ended it.
        await asked.promise;
        for (const conversation of calling) conversation.end();
      }
    } finally {
      await child.close();
    }
  });

  test("is not started by anything but being prepared, and ends with the poller", async () => {
    const child = new S7Child({ clock: new FakeClock(), program: "/nowhere", onTrouble: () => {}, offered: bare });
    assert.equal(child.pid, undefined);
    assert.match(child.unavailable() ?? "", /has not been started/u);
    await child.close();
    assert.match(child.unavailable() ?? "", /the poller is ending/u);
  });
});
