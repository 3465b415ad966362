/** Configuration files are read whole, in UTF-8, or refused with the reason. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { formatProblem } from "../../src/config/problem.ts";
import { readFolder, readText } from "../../src/config/read-file.ts";

const folder = mkdtempSync(path.join(tmpdir(), "watchkeeper-read-"));
after(() => {
  rmSync(folder, { recursive: true });
});

function written(name: string, content: string | Uint8Array): string {
  const location = path.join(folder, name);
  writeFileSync(location, content);
  return location;
}

function refusal(location: string): string {
  const read = readText("f.yaml", location);
  return read.ok ? "read" : read.problems.map(formatProblem).join("\n");
}

describe("a file", () => {
  test("is read as it is", () => {
    assert.deepEqual(readText("f.yaml", written("good", "a: Lüfter\r\n")), { ok: true, text: "a: Lüfter\r\n" });
  });
  test("that is not there is refused", () => {
    assert.match(refusal(path.join(folder, "none")), /^f\.yaml:1: found nothing there, expected something readable at \/.*none$/);
  });
  test("that is a folder is refused", () => {
    assert.equal(refusal(folder), "f.yaml:1: found something other than a file, expected a file");
  });
  test("below a file is refused", () => {
    assert.match(refusal(path.join(written("plain", ""), "below")), /found the error ENOTDIR/);
  });
  test("beyond 8 MB is refused, and one of 8 MB is not", () => {
    assert.match(refusal(written("large", Buffer.alloc(8 * 1024 * 1024 + 1, "#"))), /found 8388609 bytes, expected at most 8388608 bytes/);
    assert.equal(refusal(written("large", Buffer.alloc(8 * 1024 * 1024, "#"))), "read");
  });
  test("with a byte order mark is refused", () => {
    assert.match(refusal(written("bom", "\ufeffa: 1\n")), /found a byte order mark, expected UTF-8 without one/);
  });
  test("in UTF-16 is refused, whichever way round", () => {
    assert.match(refusal(written("utf16le", Buffer.from("\ufeffa: 1\n", "utf16le"))), /found UTF-16/);
    assert.match(refusal(written("utf16be", Buffer.from("\ufeffa: 1\n", "utf16le").swap16())), /found UTF-16/);
  });
  test("in Latin-1 is refused with the line", () => {
    assert.match(refusal(written("latin1", Buffer.from("a: 1\nb: ä\nc: 2\n", "latin1"))), /^f\.yaml:2: found bytes that are not UTF-8/);
    assert.match(refusal(written("latin1", Buffer.from("a: 1\nb: ä", "latin1"))), /^f\.yaml:2: /);
  });
});

describe("a folder", () => {
  test("gives its names in order, without hidden ones", () => {
    const location = path.join(folder, "names");
    mkdirSync(location);
    for (const name of ["b.yaml", "a.yaml", ".a.yaml.swp"]) writeFileSync(path.join(location, name), "");
    assert.deepEqual(readFolder("names", location), { ok: true, names: ["a.yaml", "b.yaml"] });
  });
  test("that is not there is refused", () => {
    const read = readFolder("names", path.join(folder, "none"));
    assert.ok(!read.ok);
    assert.match(read.problems.map(formatProblem).join(), /^names:1: found nothing there/);
  });
});

test("an error that is no file's fault is thrown", () => {
  assert.throws(() => readText("f.yaml", "a\0b"), { code: "ERR_INVALID_ARG_VALUE" });
});
