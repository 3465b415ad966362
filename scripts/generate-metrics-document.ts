/** Writes docs/metrics.md: `npm run metrics-document`. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { metricsDocument } from "../test/exporters/support/metrics-document.ts";

writeFileSync(path.resolve(import.meta.dirname, "../docs/metrics.md"), await metricsDocument());
