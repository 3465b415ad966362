/** Loaded into every test file: spares it what its tests do not need of Node, and a file whose tests are over but which keeps something open fails, and says what, instead of hanging. */
import { createHook } from "node:async_hooks";
import { enableCompileCache } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after } from "node:test";
import { stopCoverage } from "node:v8";

const patienceMs = 5_000;

/** Their tests take every branch that has a floor; what other tests take besides is not counted. */
const countedFiles = /^test\/(?:(?:domain|safety|scheduler|simulation)\/|coverage\.test\.ts$)/;
/** Simulated lives and damaged frames by the ten thousand: they make promises by the million, and await them. */
const crowdedFiles = /^test\/(?:simulation\/|drivers\/\w+\/mutat)/;

const file = relative(join(import.meta.dirname, ".."), process.argv[1]);
const isCounted = process.env.NODE_V8_COVERAGE !== undefined && countedFiles.test(file);

// Compiled once, what tests load and the product that they start some hundred times begin in half the time.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), "watchkeeper-tests-compile-cache");
// Functions out of that cache are counted as a whole, branches and all, so what is counted is compiled anew.
if (!isCounted) {
  if (process.env.NODE_V8_COVERAGE !== undefined) stopCoverage();
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}
// What is counted is called in this very process; a process that a test starts would take twice the time for it.
delete process.env.NODE_V8_COVERAGE;

// node:test follows every promise from its making to its end, to name the test whose error nobody awaited: more than half of what
// crowded files cost. Such an error fails the whole file there, and where it comes from is printed.
if (crowdedFiles.test(file)) {
  Object.getPrototypeOf(createHook({})).enable = function enable() {
    return this;
  };
  for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, (error) => console.error(error));
}

after(() => {
  const giveUp = () => {
    // A busy machine may not have read the results yet.
    if (process.stdout.writableLength > 0) return wait();
    console.error(`Still open ${patienceMs / 1000} s after the last test: ${process.getActiveResourcesInfo().join(", ")}`);
    process.exit(1);
  };
  const wait = () => void setTimeout(giveUp, patienceMs).unref();
  wait();
});
