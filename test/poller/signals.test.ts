/** No signal is lost because the poller was not ready for it. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { Signals } from "../../src/poller/signals.ts";

function listened(onTerminal = false): { readonly process: EventEmitter; readonly signals: Signals; readonly done: string[] } {
  const process = new EventEmitter();
  return { process, signals: new Signals(onTerminal, (signal, run) => process.on(signal, run)), done: [] };
}

test("a signal that comes early is carried out once somebody can, and only once", () => {
  const { process, signals, done } = listened();
  for (const name of ["SIGUSR2", "SIGUSR2", "SIGHUP"]) process.emit(name);
  signals.onStop(() => done.push("stop"));
  signals.onReload(() => done.push("reload"));
  signals.onStop(() => done.push("stop by another"));
  assert.deepEqual(done, ["stop", "reload"]);
});

test("a signal that comes later goes to whoever is responsible then", () => {
  const { process, signals, done } = listened();
  signals.onStop(() => done.push("first"));
  process.emit("SIGUSR2");
  signals.onStop(() => done.push("second"));
  process.emit("SIGUSR2");
  process.emit("SIGHUP");
  signals.onReload(() => done.push("reload"));
  process.emit("SIGHUP");
  assert.deepEqual(done, ["first", "second", "reload", "reload"]);
});

test("a closed terminal is the end of what runs on it; a service reads its files again", async () => {
  const service = listened();
  service.signals.onReload(() => service.done.push("reload"));
  service.process.emit("SIGHUP");
  assert.deepEqual([service.signals.ending, service.done], [false, ["reload"]]);
  const terminal = listened(true);
  terminal.signals.onReload(() => terminal.done.push("reload"));
  terminal.process.emit("SIGHUP");
  assert.deepEqual([terminal.signals.ending, terminal.done], [true, []]);
  await terminal.signals.ended;
});

for (const name of ["SIGTERM", "SIGINT"]) {
  test(`${name} is the end, whenever it comes`, async () => {
    const { process, signals } = listened();
    assert.equal(signals.ending, false);
    process.emit(name);
    process.emit(name);
    assert.equal(signals.ending, true);
    await signals.ended;
  });
}
