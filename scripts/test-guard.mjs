/** Loaded into every test file: what a test starts is not slowed down by what this run counts, and a file whose tests are over but which keeps something open fails, and says what, instead of hanging. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

const patienceMs = 5_000;

// Coverage is counted in this process, whose tests call what is covered; a process that a test starts would take twice the time for it.
delete process.env.NODE_V8_COVERAGE;
// Compiled once, the product starts in half the time: it is started some hundred times.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "watchkeeper-tests-compile-cache");

after(() => {
  const giveUp = () => {
    console.error(`Still open ${patienceMs / 1000} s after the last test: ${process.getActiveResourcesInfo().join(", ")}`);
    process.exit(1);
  };
  setTimeout(giveUp, patienceMs).unref();
});
