/** Node's own spec reporter, with the totals last: after coverage and failures, where whoever reads the end of a log finds them. */
import { Readable } from "node:stream";
import { spec as Spec } from "node:test/reporters";

const total = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) \d/;
/** What Node says at the end of each process whose coverage test-guard.mjs has stopped. */
const stoppedCoverage = /^Failed to get 'result' from coverage profile response:|"Precise coverage has not been started\."/;

// oxlint-disable-next-line import/no-default-export -- node:test asks a reporter for its default export
export default async function* report(events) {
  const totals = [];
  const withoutTotals = async function* () {
    for await (const event of events) {
      if (event.type === "test:diagnostic" && event.data.nesting === 0 && total.test(event.data.message)) totals.push(event);
      else if (event.type !== "test:stderr" || !stoppedCoverage.test(event.data.message)) yield event;
    }
  };
  yield* Readable.from(withoutTotals()).pipe(new Spec());
  yield* Readable.from(totals).pipe(new Spec());
}
