/** Loaded into every test file: pays for coverage only where it is judged, and a file whose tests are over but which keeps something open fails, and says what, instead of hanging. */
import { enableCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after } from "node:test";
import { stopCoverage } from "node:v8";

const patienceMs = 5_000;

/** Their tests take every branch that has a floor; what other tests take besides is not counted. */
const countedFiles = /^test\/(?:(?:domain|safety|scheduler|simulation)\/|coverage\.test\.ts$)/;
const isCounted =
  process.env.NODE_V8_COVERAGE !== undefined && countedFiles.test(relative(join(import.meta.dirname, ".."), process.argv[1]));

// Compiled once, what tests load and the product that they start some hundred times begin in half the time.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "watchkeeper-tests-compile-cache");
// Functions out of that cache are counted as a whole, branches and all, so what is counted is compiled anew.
if (!isCounted) {
  if (process.env.NODE_V8_COVERAGE !== undefined) stopCoverage();
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}
// What is counted is called in this very process; a process that a test starts would take twice the time for it.
delete process.env.NODE_V8_COVERAGE;

after(() => {
  const giveUp = () => {
    console.error(`Still open ${patienceMs / 1000} s after the last test: ${process.getActiveResourcesInfo().join(", ")}`);
    process.exit(1);
  };
  setTimeout(giveUp, patienceMs).unref();
});
