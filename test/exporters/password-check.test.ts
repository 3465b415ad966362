/** Passwords are compared few at a time, one after the other, with a rest, and never twice. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { milliseconds, seconds } from "../../src/domain/units.ts";
import { Secret } from "../../src/domain/secret.ts";
import { PasswordCheck, type PasswordVerdict } from "../../src/exporters/password-check.ts";
import { FakeClock } from "../support/fake-clock.ts";

const users = new Map([
  ["eto", new Secret("hash of right")],
  ["chief", new Secret("hash of other")],
]);

interface Bench {
  readonly clock: FakeClock;
  readonly check: PasswordCheck;
  /** `password|hash`, in order. */
  readonly compared: string[];
  ask(password: string, user?: string, from?: string): Promise<PasswordVerdict>;
}

/** A comparison takes `took` ms of the clock. */
function bench(took = 0): Bench {
  const clock = new FakeClock();
  const compared: string[] = [];
  const check = new PasswordCheck({
    clock,
    compare: async (password, hash) => {
      compared.push(`${password}|${hash}`);
      if (took > 0) await new Promise<void>((resolve) => void clock.at((clock.monotonic() + took) as never, resolve));
      return hash === `hash of ${password}`;
    },
  });
  return { clock, check, compared, ask: (password, user = "eto", from = "10.0.0.1") => check.verdict({ user, password, from }, users) };
}

test("an answer is known from then on, right or wrong, for that user and that hash alone", async () => {
  const { ask, check, compared } = bench();
  assert.deepEqual([await ask("right"), await ask("right"), await ask("wrong"), await ask("wrong")], ["right", "right", "wrong", "wrong"]);
  assert.equal(compared.length, 2);
  assert.equal(await ask("right", "chief"), "wrong");
  const renewed = new Map([["eto", new Secret("hash of new")]]);
  assert.equal(await check.verdict({ user: "eto", password: "right", from: "10.0.0.1" }, renewed), "wrong");
  assert.equal(compared.length, 4);
});

test("a user who is unknown takes as long as one who is, and is never let in", async () => {
  const { ask, compared } = bench();
  assert.equal(await ask("right", "nobody"), "wrong");
  assert.deepEqual(compared, ["right|hash of right"]);
});

test("a password of more bytes than anybody has is compared with nothing", async () => {
  const { ask, compared } = bench();
  assert.equal(await ask("x".repeat(257)), "wrong");
  assert.deepEqual(compared, []);
});

describe("guessing", () => {
  test("from one address is ten at once and then ten a minute, and what is known is still answered", async () => {
    const { ask, clock } = bench();
    assert.equal(await ask("right"), "right");
    for (let guess = 0; guess < 9; guess++) assert.equal(await ask(`guess ${guess}`), "wrong");
    assert.deepEqual(await ask("guess 10"), { later: seconds(6) });
    assert.equal(await ask("right"), "right");
    await clock.advance(seconds(6));
    assert.equal(await ask("guess 10"), "wrong");
    assert.notEqual(await ask("guess 11"), "wrong");
  });

  test("from many addresses is twenty at once and then one a second", async () => {
    const { ask, clock } = bench();
    const verdicts: PasswordVerdict[] = [];
    for (let guess = 0; guess < 40; guess++) verdicts.push(await ask(`guess ${guess}`, "eto", `10.0.0.${guess}`));
    assert.equal(verdicts.filter((one) => one === "wrong").length, 20);
    await clock.advance(seconds(1));
    assert.equal(await ask("one more", "eto", "10.0.1.1"), "wrong");
  });

  test("from many addresses without end does not keep out one that has guessed nothing lately", async () => {
    const { ask, clock } = bench();
    const flood = async (): Promise<void> => {
      for (let guess = 0; guess < 60; guess++) await ask(`guess ${clock.monotonic()} ${guess}`, "eto", `10.0.0.${guess % 12}`);
    };
    await flood();
    for (let second = 0; second < 30; second++) {
      await clock.advance(seconds(1));
      await flood();
    }
    assert.notEqual(await ask("one more", "eto", "10.0.0.1"), "wrong", "whoever has guessed waits");
    assert.equal(await ask("right", "eto", "10.0.1.1"), "right");
  });

  test("has two of the eight places for an address that has guessed nothing lately", async () => {
    const { ask, clock, check } = bench(100);
    const flood = Array.from({ length: 12 }, (_, guess) => ask(`guess ${guess}`, "eto", `10.0.0.${guess % 2}`));
    const newcomer = ask("right", "eto", "10.0.1.1");
    await clock.advance(seconds(10));
    check.close();
    const tried = (await Promise.all(flood)).filter((one) => one === "wrong").length;
    assert.deepEqual([tried, await newcomer], [6, "right"]);
  });

  test("is one comparison at a time, each followed by a rest of three times its length", async () => {
    const { ask, check, clock, compared } = bench(100);
    const answers: PasswordVerdict[] = [];
    for (const word of ["a", "b", "c"]) void ask(word).then((verdict) => answers.push(verdict));
    await clock.advance(milliseconds(100));
    assert.deepEqual([compared.length, answers.length], [1, 1], "whoever asked does not wait for the rest");
    await clock.advance(milliseconds(299));
    assert.equal(compared.length, 1);
    await clock.advance(milliseconds(1));
    assert.equal(compared.length, 2);
    await clock.advance(milliseconds(100));
    check.close();
    await clock.advance(milliseconds(0));
    assert.equal(compared.length, 3, "no rest keeps a process that ends");
  });

  test("has no more than eight waiting", async () => {
    const { ask, clock } = bench(100);
    const verdicts = Array.from({ length: 12 }, (_, guess) => ask(`guess ${guess}`, "eto", `10.0.0.${guess}`));
    await clock.advance(seconds(10));
    const kinds = (await Promise.all(verdicts)).map((one) => (typeof one === "string" ? one : "later"));
    assert.deepEqual(kinds, [...Array<string>(8).fill("wrong"), ...Array<string>(4).fill("later")]);
  });

  test("goes on after a comparison that failed", async () => {
    const clock = new FakeClock();
    let failing = true;
    const check = new PasswordCheck({ clock, compare: () => (failing ? Promise.reject(new Error("no thread")) : Promise.resolve(true)) });
    const claim = { user: "eto", password: "right", from: "10.0.0.1" };
    await assert.rejects(check.verdict(claim, users), /no thread/u);
    failing = false;
    assert.equal(await check.verdict(claim, users), "right");
  });
});
