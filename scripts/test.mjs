/** Runs the tests: all of them with their coverage floors, or only the files named on the command line. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Where every branch must be taken by some test: what decides whether a packet may leave. */
const foldersCoveredInFull = ["src/domain", "src/safety", "src/scheduler"];
/** Longer than any test takes, so that a test that hangs fails instead of stopping everything. */
const testTimeoutMs = 300_000;
/** The last resort, against a test that never lets go of the processor. */
const allTestsTimeoutMs = 1_800_000;

/** Node would leave one processor idle, which of two is half the machine; one more than there are, because some wait for disks and processes. No test here measures time. */
const concurrency = availableParallelism() + 1;

const named = process.argv.slice(2);
const all = () => globSync("test/**/*.test.ts", { exclude: ["test/proofs/**"] }).toSorted();
const coverage = [
  "--experimental-test-coverage",
  "--test-coverage-branches=100",
  // Branches alone are not enough: those of a function that is never called are not counted.
  "--test-coverage-functions=100",
  ...foldersCoveredInFull.map((folder) => `--test-coverage-include=${folder}/**/*.ts`),
];

const run = spawnSync(
  process.execPath,
  [
    "--test",
    "--import=./scripts/test-guard.mjs",
    `--test-timeout=${testTimeoutMs}`,
    `--test-concurrency=${concurrency}`,
    "--test-reporter=./scripts/test-reporter.mjs",
    "--test-reporter-destination=stdout",
    ...(named.length === 0 ? coverage : []),
    ...(named.length === 0 ? all() : named),
  ],
  { stdio: "inherit", timeout: allTestsTimeoutMs },
);
process.exitCode = run.status ?? 1;
