/** Loaded into every test file: a file whose tests are over but which keeps something open fails, and says what, instead of hanging. */
import { after } from "node:test";

const patienceMs = 5_000;

after(() => {
  const giveUp = () => {
    console.error(`Still open ${patienceMs / 1000} s after the last test: ${process.getActiveResourcesInfo().join(", ")}`);
    process.exit(1);
  };
  setTimeout(giveUp, patienceMs).unref();
});
