/** What the recorder makes of facts: transitions, trips and an audit that nobody can flood. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Transition } from "../../src/domain/board.ts";
import type { DeviceId, Plan } from "../../src/domain/plan.ts";
import { seconds } from "../../src/domain/units.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { BoardRecorder, type Happening } from "../../src/store/recorder.ts";
import { identityView, plate } from "../support/identities.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { answered, check, failed, plan, refusal, RememberingJournal } from "./support/site.ts";

function recording(site: Plan = plan({ plc: {} })) {
  const clock = new FakeClock();
  const board = new MemoryBoard(clock, site, { stopped: false, trips: [], proven: new Map() });
  const journal = new RememberingJournal();
  const told: { transitions: Transition[]; happenings: Happening[] } = { transitions: [], happenings: [] };
  const observer = {
    transition: (transition: Transition) => void told.transitions.push(transition),
    happened: (fact: Happening) => void told.happenings.push(fact),
  };
  const recorder = new BoardRecorder({ board, journal, clock, observer });
  return { clock, board, journal, told, recorder };
}

const changes = (transitions: readonly Transition[]): readonly string[] =>
  transitions.map(({ device, from, to, cause }) => `${device}: ${from} > ${to} (${cause})`);

describe("transitions", () => {
  test("are written when what may be believed changes, with the reason and the words of the outcome", async () => {
    const { clock, recorder, journal, told } = recording();
    recorder.record(answered(check("plc"), clock.monotonic()));
    for (let miss = 0; miss < 4; miss++) {
      await clock.advance(seconds(60));
      recorder.record(failed(check("plc"), clock.monotonic()));
    }
    recorder.record(answered(check("plc"), clock.monotonic(), { said: "degraded", failure: "protocol_error", detail: "exception 4" }));
    assert.deepEqual(changes(journal.transitions), [
      "plc: unknown > up (answers)",
      "plc: up > down (timeout)",
      "plc: down > degraded (protocol_error)",
    ]);
    assert.deepEqual(
      journal.transitions.map(({ detail }) => detail),
      ["", "no answer within 5 s", "exception 4"],
    );
    assert.deepEqual(told.transitions, journal.transitions);
  });

  test("are written too when the CPU of a device stops that was not well before", () => {
    const { clock, recorder, journal } = recording();
    for (const failure of ["protocol_error", "cpu_not_running", "cpu_not_running", "protocol_error"] as const)
      recorder.record(answered(check("plc"), clock.monotonic(), { said: "degraded", failure, detail: "" }));
    assert.deepEqual(changes(journal.transitions), [
      "plc: unknown > degraded (protocol_error)",
      "plc: degraded > degraded (cpu_not_running)",
    ]);
  });

  test("into staleness are found by the sweep, once", async () => {
    const { clock, recorder, journal } = recording();
    recorder.record(answered(check("plc"), clock.monotonic()));
    await clock.advance(seconds(299));
    recorder.sweep(clock.monotonic());
    assert.equal(journal.transitions.length, 1);
    await clock.advance(seconds(2));
    recorder.sweep(clock.monotonic());
    recorder.sweep(clock.monotonic());
    assert.deepEqual(changes(journal.transitions).slice(1), ["plc: up > unknown (no_fresh_evidence)"]);
  });

  test("are found by the sweep in turn on a large site, and none is left out when the plan changes", async () => {
    const names = Array.from({ length: 6000 }, (_, index) => `device-${index}`);
    const site = plan(Object.fromEntries(names.map((name) => [name, {}])));
    const { clock, recorder, journal } = recording(site);
    for (const each of site.checks.values()) recorder.record(answered(each, clock.monotonic()));
    await clock.advance(seconds(301));
    const stale: number[] = [];
    for (let sweep = 0; sweep < 3; sweep++) {
      recorder.sweep(clock.monotonic());
      stale.push(journal.transitions.length - names.length);
    }
    assert.deepEqual(stale, [2500, 5000, 6000]);
    recorder.adopt(plan({ plc: {} }));
    recorder.record(answered(check("plc"), clock.monotonic()));
    await clock.advance(seconds(301));
    recorder.sweep(clock.monotonic());
    assert.equal(journal.transitions.at(-1)?.cause, "no_fresh_evidence");
    assert.equal(journal.transitions.at(-1)?.device, "plc");
  });

  test("come with a reload that takes a device's checks away", () => {
    const { clock, recorder, journal } = recording();
    recorder.record(answered(check("plc"), clock.monotonic()));
    recorder.adopt(plan({ plc: { checks: [], refused: [refusal("plc", "approval_expired")] } }));
    assert.deepEqual(changes(journal.transitions).slice(1), ["plc: up > unknown (approval_expired)"]);
  });

  test("follow a device that was heard without being asked", () => {
    const { clock, recorder, journal } = recording();
    recorder.record(answered(check("plc"), clock.monotonic()));
    for (let miss = 0; miss < 3; miss++) recorder.record(failed(check("plc"), clock.monotonic()));
    recorder.record({ kind: "presence", device: check("plc").device, at: clock.monotonic(), source: "trap" });
    assert.deepEqual(changes(journal.transitions).slice(1), ["plc: up > down (timeout)", "plc: down > up (answers)"]);
  });
});

test("the first answer of a check is remembered as its proof", () => {
  const { clock, recorder, journal } = recording();
  recorder.record(answered(check("plc"), clock.monotonic()));
  recorder.record(answered(check("plc"), clock.monotonic()));
  assert.deepEqual(journal.proofs, [[check("plc").id, check("plc").digest]]);
});

describe("a stop", () => {
  test("makes all devices unknown at once, says so once, and is audited before the transitions", () => {
    const { clock, recorder, board, journal, told } = recording(plan({ a: {}, b: {} }));
    for (const id of ["a", "b"]) recorder.record(answered(check(id), clock.monotonic()));
    told.transitions.length = 0;
    recorder.record({ kind: "stopped", at: clock.monotonic(), stopped: true, by: "eto-1" });
    assert.equal(board.stopped, true);
    assert.deepEqual(changes(journal.transitions).slice(2), ["a: up > unknown (stopped)", "b: up > unknown (stopped)"]);
    assert.deepEqual(told.transitions, [], "one line about the stop, not one a device");
    assert.deepEqual(
      told.happenings.map(({ kind }) => kind),
      ["stopped"],
    );
    recorder.record({ kind: "stopped", at: clock.monotonic(), stopped: false, by: "eto-2" });
    assert.deepEqual(
      journal.entries.map(({ source, category, type }) => `${source} ${category} ${type}`),
      ["eto-1 stop stopped", "eto-2 stop resumed"],
    );
  });
});

describe("a trip", () => {
  const trip = { scope: "device:plc", cause: "identity_mismatch", detail: "vendor: found X" } as const;

  test("is written, audited and told once, however often it is reported", () => {
    const { clock, recorder, board, journal, told } = recording();
    recorder.record(answered(check("plc"), clock.monotonic()));
    for (let time = 0; time < 5; time++) recorder.record({ kind: "tripped", at: clock.monotonic(), trip });
    assert.deepEqual(journal.trips, [trip]);
    assert.deepEqual(
      journal.entries.map(({ category, type, detail }) => `${category} ${type}: ${detail}`),
      ["trip identity_mismatch: device:plc: vendor: found X"],
    );
    assert.equal(told.happenings.length, 1);
    assert.deepEqual(changes(journal.transitions).slice(1), ["plc: up > unknown (tripped)"]);
    assert.equal(board.trips().length, 1);
  });

  test("of one address is written of the hardware's other addresses at once too", () => {
    const { clock, recorder, journal } = recording(
      plan({ plc: { device: { hardware: ["module" as DeviceId] } }, module: { device: { hardware: ["plc" as DeviceId] } } }),
    );
    for (const device of ["plc", "module"]) recorder.record(answered(check(device), clock.monotonic()));
    recorder.record({ kind: "tripped", at: clock.monotonic(), trip });
    assert.deepEqual(changes(journal.transitions).slice(2), ["plc: up > unknown (tripped)", "module: up > unknown (tripped)"]);
  });

  test("is gone with its reset, which says who and why; a reset of nothing leaves no trace", () => {
    const { clock, recorder, journal } = recording();
    const reset = { kind: "reset", at: clock.monotonic(), scope: "device:plc", by: "eto-1", reason: "cable swapped back" } as const;
    recorder.record(reset);
    assert.equal(journal.entries.length, 0);
    recorder.record({ kind: "tripped", at: clock.monotonic(), trip });
    recorder.record(reset);
    assert.deepEqual(journal.resets, ["device:plc"]);
    assert.equal(journal.entries[1]?.source, "eto-1");
    assert.equal(journal.entries[1]?.detail, "device:plc: cable swapped back");
  });
});

describe("an identity", () => {
  const identity = identityView("plc", plate, { ...plate, serial: "7" });

  test("that is accepted is in the audit under the name of who did it, before it counts; then the journal keeps it", () => {
    const { clock, recorder, journal, told } = recording();
    const fact = { kind: "identity", at: clock.monotonic(), change: "accepted", identity, detail: "plc: TM221", by: "eto-1" } as const;
    recorder.record(fact);
    assert.deepEqual(
      journal.entries.map(({ source, category, type, detail }) => [source, category, type, detail]),
      [["eto-1", "approval", "identity_accepted", "plc: TM221"]],
    );
    assert.deepEqual(journal.identities, [identity]);
    assert.deepEqual(told.happenings, [fact]);
  });

  test("that changes to and fro is one record a minute each way, and the journal keeps the latest", () => {
    const { clock, recorder, journal } = recording();
    for (let time = 0; time < 10; time++)
      for (const change of ["changed", "as_accepted"] as const)
        recorder.record({ kind: "identity", at: clock.monotonic(), change, identity, detail: "plc", by: "poller" });
    assert.deepEqual(
      journal.entries.map(({ type }) => type),
      ["identity_changed", "identity_as_accepted"],
    );
    assert.equal(journal.identities.length, 20);
  });
});

describe("what somebody outside can trigger", () => {
  test("is audited once a minute for a device, with the count of the rest", async () => {
    const { clock, recorder, board, journal } = recording();
    const blocked = (detail: string): void =>
      recorder.record({ kind: "blocked", at: clock.monotonic(), address: "192.0.2.11", check: check("plc"), detail });
    for (let time = 0; time < 1000; time++) blocked(`frame ${time}`);
    assert.equal(board.blocked, 1000);
    assert.equal(journal.entries.length, 1);
    await clock.advance(seconds(59));
    recorder.sweep(clock.monotonic());
    assert.equal(journal.entries.length, 1);
    await clock.advance(seconds(1));
    recorder.sweep(clock.monotonic());
    assert.deepEqual(
      journal.entries.map(({ detail }) => detail),
      ["plc/modbus-fc43: frame 0", "999 times within a minute, the last: plc/modbus-fc43: frame 999"],
    );
    blocked("again");
    assert.equal(journal.entries.length, 2, "the next minute has begun with the count");
    await clock.advance(seconds(60));
    recorder.sweep(clock.monotonic());
    await clock.advance(seconds(60));
    recorder.sweep(clock.monotonic());
    blocked("after a quiet minute");
    assert.deepEqual(
      journal.entries.slice(2).map(({ detail }) => detail),
      ["plc/modbus-fc43: again", "plc/modbus-fc43: after a quiet minute"],
    );
  });

  test("of one device does not hide another's", () => {
    const { clock, recorder, journal } = recording(plan({ a: {}, b: {} }));
    for (const id of ["a", "b", "a"]) {
      recorder.record({ kind: "blocked", at: clock.monotonic(), address: "192.0.2.11", check: check(id), detail: "" });
    }
    assert.equal(journal.entries.length, 2);
  });

  test("and is still only counted when the poller ends is written then", () => {
    const { clock, recorder, board, journal } = recording();
    for (let time = 0; time < 3; time++) recorder.record({ kind: "stalled", at: clock.monotonic(), detail: "600 ms" });
    recorder.finish();
    recorder.finish();
    assert.equal(board.stalls, 3);
    assert.deepEqual(
      journal.entries.map(({ type, detail }) => `${type}: ${detail}`),
      ["stalled: 600 ms", "stalled: 2 times within a minute, the last: 600 ms"],
    );
  });

  test("is made printable before anything keeps it", () => {
    const { clock, recorder, board, journal, told } = recording();
    const nasty = `\u001b[2J\r\n{"forged":true}${"x".repeat(10_000)}`;
    recorder.record(answered(check("plc"), clock.monotonic(), { said: "alive", identity: { product: nasty }, note: nasty }));
    recorder.record({ kind: "held", at: clock.monotonic(), scope: "hvac", held: true, detail: nasty });
    const kept = [board.device(check("plc").device)?.identity?.product, journal.entries[0]?.detail, journal.transitions[0]?.detail];
    for (const text of kept) {
      assert.ok(text !== undefined && text.length <= 420, text);
      assert.doesNotMatch(text, /\p{Cc}/u);
    }
    assert.doesNotMatch(JSON.stringify(told.happenings), /\\u001b|\\n/u);
  });
});

test("links and holds are told to whoever writes for people; the board shows a hold until it ends", () => {
  const { clock, board, recorder, told, journal } = recording();
  recorder.record({ kind: "link", device: check("plc").device, at: clock.monotonic(), up: false });
  recorder.record({ kind: "held", at: clock.monotonic(), scope: "segment:hvac", held: true, detail: "4 of 5 fell silent" });
  assert.deepEqual(board.holds(), [{ scope: "segment:hvac", since: clock.wall(), detail: "4 of 5 fell silent" }]);
  recorder.record({ kind: "held", at: clock.monotonic(), scope: "segment:hvac", held: false, detail: "plc answered" });
  assert.deepEqual(board.holds(), []);
  recorder.record({ kind: "held", at: clock.monotonic(), scope: "hvac", cause: "way_out", held: true, detail: "no route" });
  assert.deepEqual(board.holds(), [], "cut off is no silence of devices");
  assert.deepEqual([...board.causes], [{ cause: "way_out", scope: "hvac", since: clock.wall(), detail: "no route" }]);
  assert.deepEqual(
    told.happenings.map(({ kind }) => kind),
    ["link", "held", "held", "held"],
  );
  assert.deepEqual(
    journal.entries.map(({ type }) => type),
    ["hold", "hold_ended", "hold"],
  );
});

test("a cause stands on the board until its own end comes, whatever else of the same segment ends", () => {
  const { clock, board, recorder } = recording();
  const said = (cause: "segment" | "way_out", held: boolean): void =>
    recorder.record({ kind: "held", at: clock.monotonic(), scope: "hvac", cause, held, detail: "nothing answers" });
  const standing = (): readonly string[] => Array.from(board.causes, ({ cause, scope }) => `${cause} ${scope}`);
  said("segment", true);
  said("way_out", true);
  assert.deepEqual(standing(), ["segment hvac", "way_out hvac"]);
  said("way_out", false);
  assert.deepEqual(standing(), ["segment hvac"], "the cable is back, the silence is not over");
  said("segment", false);
  assert.deepEqual(standing(), []);
});
