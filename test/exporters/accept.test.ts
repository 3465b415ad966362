/** Each scraper gets the format that it would rather have. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFor } from "../../src/exporters/accept.ts";

const cases: readonly [who: string, accept: string | undefined, format: "text" | "openmetrics"][] = [
  ["nobody in particular", undefined, "text"],
  ["curl", "*/*", "text"],
  ["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text"],
  [
    "Prometheus 2.42",
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "openmetrics",
  ],
  [
    "Prometheus 3",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "openmetrics",
  ],
  ["one who likes text more", "application/openmetrics-text;q=0.4,text/plain;version=0.0.4", "text"],
  ["one who refuses OpenMetrics", "application/openmetrics-text;q=0", "text"],
  ["one who knows only a version that we do not write", "application/openmetrics-text;version=0.0.1", "text"],
  ["one who shouts and spaces", ' Application/OpenMetrics-Text ; Version="1.0.0" ; Q=0.5 ', "openmetrics"],
  ["one who writes nonsense", "application/openmetrics-text;q=high", "text"],
];
for (const [who, accept, format] of cases) {
  test(`${who} gets ${format}`, () => assert.equal(formatFor(accept), format));
}
