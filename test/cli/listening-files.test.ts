/** Whether somebody listens at a socket file, as the kernel lists it for those who may not open it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listensAt } from "../../src/cli/listening-files.ts";

test("a file at which a process listens, and no other: neither one that is gone, nor a connection, nor a part of the name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "watchkeeper listening "));
  const file = join(folder, "control.sock");
  const server = createServer();
  try {
    await new Promise<void>((resolve) => server.listen(file, resolve));
    assert.deepEqual(
      [file, `${file}x`, folder].map((one) => listensAt(one)),
      [true, false, false],
    );
    await new Promise((resolve) => server.close(resolve));
    assert.equal(listensAt(file), false);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
  assert.equal(listensAt("/s", "0000: 00000003 00000000 00000000 0001 03 12 /s\n"), false);
});
