/** What is shipped for Prometheus and Grafana: every alert has its runbook, and nothing asks for a metric that there is not. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";

const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly runbook?: string };
}
const { groups } = parse(read("deploy/prometheus/watchkeeper.rules.yaml")) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.flatMap(({ alert, labels, annotations }) => (alert === undefined ? [] : [{ alert, labels, annotations }]));
const runbooks = readdirSync(path.join(root, "docs/runbooks")).filter((file) => file !== "README.md");

/** Of parts that have no family yet while nothing uses them: windows and certificates. */
const optional = ["watchkeeper_device_muted", "watchkeeper_certificate_not_after_timestamp_seconds"];
const documented = new Set([
  ...Array.from(read("docs/metrics.md").matchAll(/^\| `(watchkeeper_\w+)`/gmu), ([, name]) => name),
  ...optional,
]);

/** Metrics that an expression asks for, which the page does not have. */
function unknownIn(expr: string): readonly string[] {
  return Array.from(expr.matchAll(/(?<![\w:])watchkeeper_\w+/gu), ([name]) => name.replace(/_bucket$/u, "")).filter(
    (name) => !documented.has(name),
  );
}

describe("the rules", () => {
  test("give each alert a severity and a runbook that is there, and leave no runbook over", () => {
    for (const { alert, labels, annotations } of alerts) {
      assert.match(labels?.severity ?? "", /^(critical|warning)$/u, alert);
      assert.equal(annotations?.runbook, `docs/runbooks/${alert}.md`);
      assert.match(read(`docs/runbooks/${alert}.md`), new RegExp(`^# ${alert}\\n[^]*\\n## Look at\\n[^]*\\n## Do\\n`, "u"));
      assert.ok(read("docs/runbooks/README.md").includes(`(${alert}.md)`), alert);
    }
    assert.deepEqual(alerts.map(({ alert }) => `${alert}.md`).toSorted(), runbooks.toSorted());
  });

  test("ask for no metric that is not on the page", () => {
    assert.ok(documented.size > 40, `${documented.size} metrics`);
    assert.deepEqual(
      rules.flatMap(({ expr }) => unknownIn(expr)),
      [],
    );
    assert.deepEqual(unknownIn("rate(watchkeeper_nonsense_total[5m])"), ["watchkeeper_nonsense_total"]);
  });
});
