/** The web configuration follows its file; a broken one leaves the last good one in force and says so. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { seconds } from "../../src/domain/units.ts";
import { loadWebConfig } from "../../src/config/web-config.ts";
import { WebKeeper } from "../../src/poller/web-keeper.ts";
import { FakeClock } from "../support/fake-clock.ts";

const hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
const good = (user: string): string => `basic_auth_users: {${user}: "${hash}"}\n`;

interface Kept {
  readonly keeper: WebKeeper;
  readonly clock: FakeClock;
  readonly said: readonly string[];
  readonly audited: readonly string[];
  /** As an editor does it, a second later. */
  write(text: string): void;
  /** A second on, somebody comes by. */
  look(): Promise<void>;
}

function kept(t: TestContext, text: string): Kept {
  const folder = mkdtempSync(join(tmpdir(), "watchkeeper-web-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const configFile = join(folder, "web.yaml");
  writeFileSync(configFile, text);
  const clock = new FakeClock();
  const said: string[] = [];
  const audited: string[] = [];
  const keeper = new WebKeeper({
    clock,
    file: { location: configFile, load: loadWebConfig },
    hosts: [],
    bcrypt: { compare: () => Promise.resolve(true) },
    log: { write: (level, event, message) => void said.push(`${level} ${event}: ${message}`) },
    recorder: { repeated: (_key, { type, result, detail }) => void audited.push(`${type} ${result}: ${detail}`) },
  });
  return {
    keeper,
    clock,
    said,
    audited,
    write(next) {
      const later = statSync(configFile).mtimeMs / 1000 + 1;
      writeFileSync(configFile, next);
      utimesSync(configFile, later, later);
    },
    async look() {
      await clock.advance(seconds(1));
      keeper.look();
    },
  };
}

test("what is wrong at the start is said in whole lines", (t) => {
  const { keeper } = kept(t, "basic_auth_users: {eto: x}\n");
  assert.match(keeper.open().join("\n"), /^web\.yaml:1: basic_auth_users\.eto: found something that is not shown, expected a bcrypt hash/u);
});

test("a changed file is taken over, and those who follow it are told", async (t) => {
  const { keeper, look, write, said, audited } = kept(t, good("a"));
  assert.deepEqual(keeper.open(), []);
  const followed: string[] = [];
  keeper.onChange(
    () => undefined,
    ({ users }) => followed.push([...users.keys()].join()),
  );
  await look();
  assert.deepEqual(followed, [], "nothing has changed");
  write(good("b"));
  await look();
  assert.deepEqual([...keeper.config.users.keys()], ["b"]);
  assert.deepEqual(followed, ["b"]);
  assert.deepEqual(said, ["info web_config_read: web.yaml: taken over"]);
  assert.deepEqual(audited, ["web_config success: web.yaml: taken over"]);
});

test("a broken file is doubted for a second, then said, and leaves the last one in force until it is mended", async (t) => {
  const { keeper, look, write, said } = kept(t, good("a"));
  keeper.open();
  const { lastSuccess } = keeper;
  write("basic_auth_users: {eto: x}\n");
  await look();
  assert.deepEqual([keeper.successful, said.length], [true, 0]);
  await look();
  assert.equal(keeper.successful, false);
  assert.equal(keeper.lastSuccess, lastSuccess);
  assert.deepEqual([...keeper.config.users.keys()], ["a"]);
  assert.match(said.join("\n"), /^error web_config_broken: not taken over, what was read before stays in force: web\.yaml:1: /u);
  await look();
  assert.equal(said.length, 1, "it is said once");
  write(good("c"));
  await look();
  assert.deepEqual([keeper.successful, [...keeper.config.users.keys()].join()], [true, "c"]);
});

test("a file that goes is broken; what the server cannot have is too", async (t) => {
  const { keeper, look, write, said } = kept(t, good("a"));
  keeper.open();
  keeper.onChange(
    ({ users }) => (users.size === 0 ? "found no users, expected some" : undefined),
    () => {},
  );
  write("");
  await look();
  await look();
  assert.deepEqual([keeper.successful, keeper.config.users.size], [false, 1]);
  assert.match(said.join(), /web\.yaml: found no users, expected some/u);
});

test("a file that is saved in two halves opens nothing in between", async (t) => {
  const { keeper, look, write, said } = kept(t, good("a"));
  keeper.open();
  write("");
  await look();
  assert.deepEqual([...keeper.config.users.keys()], ["a"], "an editor has cut it short, and writes it a moment later");
  write("http_server_config: {headers: {X-Frame-Options: deny}}\n");
  await look();
  assert.deepEqual([...keeper.config.users.keys()], ["a"], "it has changed since, and still asks less");
  write(good("b"));
  await look();
  assert.deepEqual([...keeper.config.users.keys()], ["b"]);
  assert.deepEqual(said, ["info web_config_read: web.yaml: taken over"]);
  await look();
  assert.equal(said.length, 1);
});

test("a file that asks less and stays so is taken over a second later, with a warning of what is gone", async (t) => {
  const { keeper, look, write, said } = kept(t, good("a"));
  keeper.open();
  write("");
  await look();
  assert.equal(keeper.config.users.size, 1);
  await look();
  assert.deepEqual([keeper.successful, keeper.config.users.size], [true, 0]);
  assert.deepEqual(said, ["warn web_config_read: web.yaml: taken over; it no longer asks for or sends passwords"]);
});

test("a file that asks less, then is broken, then is back as it was cut short is seen twice anew", async (t) => {
  const { keeper, look, write } = kept(t, good("a"));
  keeper.open();
  write("");
  await look();
  write("basic_auth_users: {eto: x}\n");
  await look();
  await look();
  assert.equal(keeper.successful, false);
  write("");
  await look();
  assert.deepEqual([keeper.successful, keeper.config.users.size], [false, 1]);
  await look();
  assert.deepEqual([keeper.successful, keeper.config.users.size], [true, 0]);
});

test("is looked at once a second at most, however many come by", async (t) => {
  const { keeper, write, look, clock } = kept(t, good("a"));
  keeper.open();
  await look();
  write(good("b"));
  await clock.advance(999);
  keeper.look();
  assert.ok(keeper.config.users.has("a"));
  await clock.advance(1);
  keeper.look();
  assert.ok(keeper.config.users.has("b"));
});

test("refusals are counted each, and said once a minute", async (t) => {
  const { keeper, clock, said, audited } = kept(t, "");
  keeper.open();
  for (let count = 0; count < 5; count++) keeper.refused("password", "10.0.0.1 came with a wrong password");
  keeper.refused("host", "a foreign Host header");
  await clock.advance(seconds(60));
  keeper.refused("password", "10.0.0.1 came with a wrong password");
  assert.deepEqual(said, [
    "warn web_refused: 10.0.0.1 came with a wrong password",
    "warn web_refused: a foreign Host header",
    "warn web_refused: 10.0.0.1 came with a wrong password, and 4 others more since the last such line".replace("others more", "more"),
  ]);
  const counts = new Map(keeper.refusals);
  assert.deepEqual([counts.get("password"), counts.get("host"), counts.get("tls")], [6, 1, 0]);
  assert.equal(audited.filter((one) => one.startsWith("web_password failure")).length, 6, "the recorder makes one a minute of them");
});
