/** The demo as somebody sees it who has just installed Watchkeeper: its story without a terminal, its ways to end, its picture on a terminal. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { frame, type Told } from "../../simulators/demo/frame.ts";
import { coloured, plain } from "../../simulators/demo/paint.ts";
import type { Row } from "../../simulators/demo/rows.ts";

const main = new URL("../../simulators/main.ts", import.meta.url).pathname;
const folder = mkdtempSync(path.join(tmpdir(), "wk-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Shown {
  readonly code: unknown;
  /** Line ends within a sentence are blanks. */
  readonly out: string;
  readonly err: string;
}

function start(...args: readonly string[]): { readonly child: ChildProcess; readonly shown: Promise<Shown> } {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, TMPDIR: folder }, stdio: ["ignore", "pipe", "pipe"] });
  const shown = Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]).then(([[code], out, err]): Shown => {
    return { code, out: out.replaceAll(/\n {7}(?=\S)/g, " "), err };
  });
  return { child, shown };
}

/** Nothing of the demo is left: no folder, and so no state and no control socket. */
function assertCleared(): void {
  assert.deepEqual(readdirSync(folder), []);
}

const story: readonly RegExp[] = [
  /watchkeeper init --lab made the site/,
  /watchkeeper approve allowed 6 devices/,
  /every device is unknown: after a start a full interval passes before the first packet/,
  /burner: not asked, on the exclusion list/,
  /gas-detector: not asked, safety devices are never asked/,
  /new-panel: not asked, nobody approved this device/,
  /Now feed-pump hangs/,
  /feed-pump: down, no answer in time/,
  /Now feed-pump is repaired/,
  /feed-pump: up, answers/,
  /watchkeeper check burner/,
  /burner\/modbus-fc43: not asked: the address is on the exclusion list \(.*its maker forbids third-party connections/,
  /The operator stops the site/,
  /unknown, the site is stopped/,
  /In 3 s of stop the devices got 0 requests\./,
  /\/metrics says the poller has sent (\d+) requests; the devices have counted \1\./,
  /The operator resumes/,
  /feed-pump: up, answers/,
  /burner {7,}0 connections {3}0 requests {3}0 writes/,
  /The promise held: burner, gas-detector, new-panel got 0 connections/,
];

test("without a terminal the demo tells its whole story, takes a free port where its own is taken, and clears everything away", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  assert.ok(address !== null && typeof address === "object");
  // The story takes half a minute; a machine that runs other tests meanwhile may take longer.
  const { code, out, err } = await start("--demo", "--port", String(address.port), "--for", "110").shown;
  taken.close();
  assert.equal(err, "");
  assert.equal(code, 0);
  assert.match(out, new RegExp(`http://127\\.0\\.0\\.1:\\d+/metrics {2}\\(port ${address.port} is taken\\)`));
  let from = 0;
  for (const line of story) {
    const found = line.exec(out.slice(from));
    assert.ok(found, `${String(line)} is not told, or not in this place:\n${out}`);
    from += found.index;
  }
  for (const other of ["cooling-pump", "tank-gauge", "old-winch"]) assert.match(out, new RegExp(`${other}: up`));
  assert.match(out, /hvac-plc: degraded, exception 6: server device busy/);
  assert.equal(out.includes("\x1b"), false, "colours without a terminal");
  assertCleared();
});

test("a demo that is ended early says so, fails, and clears everything away", async () => {
  const { child, shown } = start("--demo", "--port", "19824");
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  const { code, err } = await shown;
  assert.match(err, /ended by SIGTERM before the story was seen/);
  assert.equal(code, 1);
  assertCleared();
});

test("a demo whose time is too short says what it has not seen, and fails", async () => {
  const { code, err } = await start("--demo", "--port", "19824", "--for", "0.2").shown;
  assert.match(err, /demo: not seen: the lab site is made, within 0\.2 s/);
  assert.equal(code, 1);
  assertCleared();
});

for (const [args, problem] of [
  [["--demo", "--devices", "3"], /found 3: --devices and --bind are not for --demo/],
  [["--demo", "--port", "0"], /--port 0: expected a port from 1 to 65535/],
  [["--port", "9000"], /found 9000: .*--port is for --demo only/],
  [["--demo", "--for", "soon"], /--for soon: expected seconds/],
] as const)
  test(`wrong usage is said: ${args.join(" ")}`, async () => {
    const { code, err } = await start(...args).shown;
    assert.match(err, problem);
    assert.equal(code, 2);
  });

const rows: readonly Row[] = [
  { device: "pump", note: "healthy", state: "up", why: "answers in 2 ms", heard: "1 s", next: "now", got: 7 },
  {
    device: "fan",
    note: "falls silent",
    state: "down",
    why: "no answer in time, and many words more than fit",
    heard: "9 s",
    next: "later",
    got: 3,
  },
  { device: "burner", note: "excluded", state: "not asked", why: "on the exclusion list", heard: "never", next: "never", got: 0 },
];
const told: readonly Told[] = [
  { atMs: 0, text: "The beginning.", scene: true },
  ...Array.from({ length: 30 }, (_, index): Told => ({
    atMs: index * 1000,
    text: `Thing ${index}: ${"word ".repeat(25)}`,
    scene: index === 12,
  })),
];
const foot: readonly (readonly [string, string])[] = [["End", "Ctrl-C"]];

test("the picture fits every terminal, ends with how to stop it, and never loses the heading of the scene that is on", () => {
  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 120, rows: 40 },
    { columns: 60, rows: 14 },
  ]) {
    const lines = frame({ rows, told, elapsedMs: 61_000, foot }, size, plain);
    assert.equal(lines.length, size.rows);
    assert.ok(lines.every((line) => line.length < size.columns));
    assert.match(lines[0] ?? "", /1:01$/);
    assert.equal(lines.at(-1), "End      Ctrl-C");
    assert.ok(
      lines.some((line) => line.includes("Thing 12:")),
      lines.join("\n"),
    );
  }
});

test("a state can be told without colours, and colours change no text", () => {
  const size = { columns: 120, rows: 30 };
  const without = frame({ rows, told, elapsedMs: 0, foot }, size, plain);
  assert.match(without[4] ?? "", /^✖ fan +falls silent +DOWN /);
  assert.match(without[5] ?? "", /^– burner +excluded +not asked +on the exclusion list +never +never +0$/);
  const stripped = frame({ rows, told, elapsedMs: 0, foot }, size, coloured).map(stripVTControlCharacters);
  assert.notDeepEqual(frame({ rows, told, elapsedMs: 0, foot }, size, coloured), without);
  assert.deepEqual(stripped, without);
});
