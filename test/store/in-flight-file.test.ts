/** A device whose reply kills the poller is asked twice and then no more, until a person has looked. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs, { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Check } from "../../src/domain/plan.ts";
import { InFlightFile, placeNoted } from "../../src/store/in-flight-file.ts";

let folder = "";
const boot = "f81d4fae";
const file = (): string => join(folder, "inflight");
const check = (id: string): Check => ({ id }) as unknown as Check;
const noted = (mark: string): readonly string[] =>
  readFileSync(file(), "utf8")
    .split("\n")
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(2).trimEnd());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watchkeeper-inflight-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A run that ends by SIGKILL; what it found poisoned when it began. */
async function killed({ asked = [], over = [], inBoot = boot }: { asked?: string[]; over?: string[]; inBoot?: string }): Promise<unknown> {
  const script = join(import.meta.dirname, "support/killed-while-asking.ts");
  const child = spawn(process.execPath, [script, folder, inBoot, ...asked, "--", ...over], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (bytes: Buffer) => (said += String(bytes)));
  assert.deepEqual(await once(child, "close"), [null, "SIGKILL"]);
  return JSON.parse(said);
}

function started(name = boot): { readonly inFlight: InFlightFile; readonly poisoned: unknown } {
  const inFlight = new InFlightFile(folder, { boot: name });
  const found = inFlight.start();
  return { inFlight, poisoned: "problem" in found ? found : found.map((one) => one.check) };
}

describe("a check that was being asked when the poller was killed", () => {
  test("is asked once more, and not again when that kills it too", async () => {
    assert.deepEqual(await killed({ over: ["plc/modbus-fc43", "other/modbus-fc43"] }), []);
    assert.deepEqual(await killed({ over: ["plc/modbus-fc43", "third/modbus-fc43"] }), []);
    const { inFlight, poisoned } = started();
    assert.deepEqual(poisoned, ["plc/modbus-fc43"]);
    assert.deepEqual(noted("?"), ["other/modbus-fc43", "third/modbus-fc43"], "they have their second time before them");
    inFlight.close();
  });

  test("is innocent once it was asked to its end, whatever comes later", async () => {
    await killed({ over: ["plc/modbus-fc43"] });
    assert.deepEqual(await killed({ asked: ["plc/modbus-fc43"], over: ["plc/modbus-fc43"] }), []);
    assert.deepEqual(started().poisoned, []);
  });

  test("is known by where it stands: under another name it has its second time, and another device of its name has its first", async () => {
    assert.deepEqual(await killed({ over: ["plc/modbus-fc43@192.0.2.11", "unit/modbus-fc3@192.0.2.30 unit 7"] }), []);
    const second = ["pump/modbus-fc43@192.0.2.11", "plc/modbus-fc43@192.0.2.12", "other/modbus-fc3@192.0.2.30 unit 8"];
    assert.deepEqual(await killed({ over: second }), []);
    const inFlight = new InFlightFile(folder, { boot });
    assert.deepEqual(inFlight.start(), [{ check: "pump/modbus-fc43", place: "192.0.2.11" }]);
    const first = "unit/modbus-fc3 192.0.2.30 unit 7";
    assert.deepEqual(noted("?"), [first, "plc/modbus-fc43 192.0.2.12", "other/modbus-fc3 192.0.2.30 unit 8"]);
    inFlight.close();
  });

  test("is innocent once what stands there was asked to its end, whatever it is called", async () => {
    await killed({ over: ["plc/modbus-fc43@192.0.2.11"] });
    assert.deepEqual(await killed({ asked: ["pump/modbus-fc43@192.0.2.11"], over: ["pump/modbus-fc43@192.0.2.11"] }), []);
    assert.deepEqual(started().poisoned, []);
  });

  test("begins anew after its trip", async () => {
    for (let time = 0; time < 2; time++) await killed({ over: ["plc/modbus-fc43"] });
    assert.deepEqual(await killed({ over: ["plc/modbus-fc43"] }), ["plc/modbus-fc43"]);
    assert.deepEqual(await killed({ over: ["plc/modbus-fc43"] }), [], "reset, asked, killed once");
    assert.deepEqual(started().poisoned, ["plc/modbus-fc43"]);
  });

  test("is innocent after a clean end in between", async () => {
    await killed({ over: ["plc/modbus-fc43"] });
    const { inFlight } = started();
    inFlight.begin(check("other/modbus-fc43"));
    inFlight.close();
    assert.deepEqual([noted("!"), noted("?")], [[], []]);
    assert.deepEqual(await killed({ over: ["plc/modbus-fc43"] }), []);
    assert.deepEqual(started().poisoned, []);
  });

  test("is innocent where the machine was started anew in between: the file's last pages may be older than the end", async () => {
    await killed({ over: ["plc/modbus-fc43"] });
    assert.deepEqual(await killed({ over: ["plc/modbus-fc43"], inBoot: "another" }), []);
    assert.deepEqual(started("another").poisoned, [], "that boot has seen it once");
  });
});

describe("a check that was asked in vain", () => {
  const plc = check("plc/modbus-fc43");
  const over = { check: "plc/modbus-fc43", place: "", ended: true };
  /** A journal that says only when it is told to that everything is on disk. */
  const journal = () => {
    let said: { readonly write: () => void; readonly give: () => void }[] = [];
    return {
      written: () => new Promise<void>((write, give) => (said = [...said, { write, give: () => give(new Error("closed")) }])),
      writes: async () => {
        for (const { write } of said) write();
        await Promise.resolve();
      },
      givesUp: async () => {
        for (const { give } of said) give();
        await Promise.resolve();
      },
    };
  };
  const begun = (written: () => Promise<void>): { readonly inFlight: InFlightFile; readonly poisoned: unknown } => {
    const inFlight = new InFlightFile(folder, { boot, written });
    return { inFlight, poisoned: inFlight.start() };
  };

  test("stays noted as that until the journal has it on disk, and is no suspect", async () => {
    const { written, writes } = journal();
    const { inFlight } = begun(written);
    inFlight.begin(plc);
    inFlight.end(plc, true);
    inFlight.end(check("never-begun/modbus-fc43"), true);
    assert.deepEqual([noted("!"), noted("=")], [[], ["plc/modbus-fc43"]]);
    const next = begun(written);
    assert.deepEqual([next.inFlight.left.checks, next.poisoned, noted("?")], [[over], [], []]);
    await writes();
    assert.deepEqual(begun(written).inFlight.left.checks, [], "of the run that ended first its own line was freed");
  });

  test("is noted no more where it was answered, or the journal has written", async () => {
    const { written, writes } = journal();
    const { inFlight } = begun(written);
    inFlight.begin(plc);
    inFlight.end(plc, true);
    inFlight.begin(plc);
    inFlight.end(plc, false);
    assert.deepEqual(noted("="), ["plc/modbus-fc43"]);
    await writes();
    assert.deepEqual([noted("!"), noted("=")], [[], []]);
  });

  test("stays noted over a clean end where the journal could not write it", async () => {
    const { written, givesUp } = journal();
    const { inFlight } = begun(written);
    inFlight.begin(plc);
    inFlight.end(plc, true);
    await givesUp();
    inFlight.close();
    assert.deepEqual(begun(written).inFlight.left.checks, [over]);
  });

  test("or was cut off by the end of a run is known to every start until one has written it; and so is whom that end makes suspect", async () => {
    const { written, writes } = journal();
    begun(written).inFlight.begin(plc);
    const second = begun(written).inFlight;
    assert.deepEqual(second.left.checks, [{ check: "plc/modbus-fc43", place: "" }]);
    const third = begun(written).inFlight;
    assert.deepEqual([third.left.checks, noted("?")], [[over], ["plc/modbus-fc43"]]);
    third.takenOver();
    assert.deepEqual(noted("="), ["plc/modbus-fc43"]);
    await writes();
    assert.deepEqual([noted("="), noted("?")], [[], ["plc/modbus-fc43"]]);
    third.begin(plc);
    assert.deepEqual(begun(written).poisoned, [{ check: "plc/modbus-fc43", place: "" }], "asked at two ends, whatever ended in between");
  });
});

describe("a place that is long", () => {
  const port = `/dev/serial/by-id/${"u".repeat(400)}`;
  const asked = { id: "plc/modbus-fc3" } as unknown as Check;
  const at = (place: string) => new InFlightFile(folder, { boot, placeOf: () => place });

  test("is told from every other, and known again", () => {
    for (const [place, other] of [
      [`${port} unit 7`, `${port} unit 8`],
      [`/dev/serial/by-id/${"u".repeat(255)} unit 247`, `/dev/serial/by-id/${"u".repeat(255)} unit 248`],
    ] as const) {
      rmSync(file(), { force: true });
      const first = at(place);
      first.start();
      first.begin(asked);
      const second = at(other);
      assert.deepEqual(second.start(), []);
      assert.deepEqual(second.left.checks, [{ check: asked.id, place: placeNoted(place) }]);
      second.begin(asked);
      second.end(asked);
      const third = at(place);
      assert.deepEqual(third.start(), []);
      third.begin(asked);
      const fourth = at(place);
      assert.equal((fourth.start() as readonly unknown[]).length, 1, "the other one's end says nothing of it");
      fourth.begin(asked);
      fourth.end(asked);
      fourth.begin(asked);
      assert.deepEqual(at(place).start(), [], "asked to its end in between");
    }
    assert.match(placeNoted(port), /^sha256:[0-9a-f]{64}$/u);
  });
});

describe("the file", () => {
  test("has lines of one length, which are used again, and more where more are asked at once", () => {
    const { inFlight } = started();
    const size = statSync(file()).size;
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 255; index++) inFlight.begin(check(`plc-${index}/modbus-fc43`));
      assert.equal(noted("!").length, 255);
      for (let index = 0; index < 255; index++) inFlight.end(check(`plc-${index}/modbus-fc43`));
      assert.deepEqual(noted("!"), []);
    }
    assert.equal(statSync(file()).size, size);
    for (let index = 0; index < 300; index++) inFlight.begin(check(`${"p".repeat(63)}-${index}/modbus-fc43#2`));
    assert.equal(new Set(noted("!")).size, 300);
    const lines = readFileSync(file(), "utf8").trimEnd().split("\n");
    assert.ok(lines.every((line, index) => line.length === 511 || index === lines.length - 1));
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    inFlight.close();
    assert.deepEqual(noted("!"), []);
  });

  test("of another kind says nothing", () => {
    for (const text of ["", "\u0000\u0001", "! plc/modbus-fc43\n", `boot another\n! plc/modbus-fc43\n? plc/modbus-fc43\n`]) {
      writeFileSync(file(), text);
      assert.deepEqual(started().poisoned, [], JSON.stringify(text));
    }
  });

  test("that cannot be made is a problem, told in a sentence", () => {
    mkdirSync(file());
    const { poisoned } = started();
    assert.match((poisoned as { problem: string }).problem, /inflight: what is being asked cannot be noted \(EISDIR/u);
  });

  test("is not touched before the run begins, and by nothing after its end", () => {
    const inFlight = new InFlightFile(folder, { boot });
    inFlight.begin(check("plc/modbus-fc43"));
    inFlight.end(check("plc/modbus-fc43"));
    inFlight.end(check("never-begun/modbus-fc43"));
    assert.equal(existsSync(file()), false);
    inFlight.start();
    inFlight.close();
    inFlight.begin(check("plc/modbus-fc43"));
    assert.deepEqual(noted("!"), []);
  });

  test("that a disk refuses to write keeps nobody from asking", (context) => {
    const { inFlight } = started();
    context.mock.method(fs, "writeSync", () => {
      throw Object.assign(new Error("EIO: i/o error, write"), { code: "EIO", syscall: "write" });
    });
    syncBuiltinESMExports();
    inFlight.begin(check("plc/modbus-fc43"));
    inFlight.end(check("plc/modbus-fc43"));
    context.mock.restoreAll();
    syncBuiltinESMExports();
    assert.deepEqual(noted("!"), []);
    inFlight.close();
  });

  test("goes by the machine's own boot where nobody says otherwise", () => {
    const inFlight = new InFlightFile(folder);
    inFlight.start();
    assert.match(readFileSync(file(), "utf8"), /^boot ([0-9a-f-]{36}|unknown) +\n/u);
    inFlight.close();
  });
});
