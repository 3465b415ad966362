/** What is shipped for Prometheus and Grafana: every alert has its runbook, and nothing asks for a metric that there is not. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly { readonly id: number; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}
interface Service {
  readonly volumes: readonly string[];
}

const { groups } = parse(read("deploy/prometheus/watchkeeper.rules.yaml")) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.flatMap(({ alert, labels, annotations }) => (alert === undefined ? [] : [{ alert, labels, annotations }]));
const runbooks = readdirSync(path.join(root, "docs/runbooks")).filter((file) => file !== "README.md");

/** Of each metric its labels. */
const documented = new Map(
  Array.from(read("docs/metrics.md").matchAll(/^\| `(watchkeeper_\w+)` \| \w+ \| ([^|]*)\|/gmu), ([, name = "", labels = ""]) => [
    name,
    Array.from(labels.matchAll(/`(\w+)`/gu), ([, label = ""]) => label),
  ]),
);
/** Those that Prometheus gives. */
const given: readonly string[] = ["site", "job", "instance"];

/** What an expression selects by, and the metric does not have: such a query is for ever empty, and an alert for ever silent. */
function foreignLabelsIn(expr: string): readonly string[] {
  return Array.from(expr.matchAll(/(?<![\w:])(watchkeeper_\w+)\{([^}]*)\}/gu)).flatMap(([, name = "", selectors = ""]) => {
    const labels = [...(documented.get(name.replace(/_bucket$/u, "")) ?? []), ...given];
    const asked = Array.from(selectors.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/gu), ([, label = ""]) => label);
    return asked.filter((label) => !labels.includes(label)).map((label) => `${name}: ${label}`);
  });
}

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

  test("select by no label that the metric does not have", () => {
    assert.deepEqual(
      rules.flatMap(({ expr }) => foreignLabelsIn(expr)),
      [],
    );
    assert.deepEqual(foreignLabelsIn('watchkeeper_trip_cause{scope="x", reason="harm"} == 1'), ["watchkeeper_trip_cause: reason"]);
  });
});

describe("the dashboards", () => {
  const files = readdirSync(path.join(root, "deploy/grafana/dashboards"));
  const dashboardOf = (file: string): Dashboard => JSON.parse(read(`deploy/grafana/dashboards/${file}`)) as Dashboard;

  test("ask for no metric that is not on the page, and have ids of their own", () => {
    const ids = new Set(files.map((file) => dashboardOf(file).uid));
    assert.equal(ids.size, 4);
    for (const file of files) {
      const { panels } = dashboardOf(file);
      assert.deepEqual(
        panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => [...unknownIn(expr), ...foreignLabelsIn(expr)])),
        [],
        file,
      );
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, file);
    }
  });

  test("of devices choose by site, zone and category", () => {
    for (const file of ["watch.json", "device.json"]) {
      const names = dashboardOf(file).templating.list.map(({ name }) => name);
      for (const name of ["datasource", "site", "zone", "category"]) assert.ok(names.includes(name), `${file}: ${name}`);
    }
  });
});

describe("the compose file", () => {
  const { services } = parse(read("deploy/compose/compose.yaml")) as { readonly services: Readonly<Record<string, Service>> };

  test("runs the four, all on loopback, and mounts only folders that are there", () => {
    assert.deepEqual(Object.keys(services), ["watchkeeper", "prometheus", "alertmanager", "grafana"]);
    for (const [name, { volumes }] of Object.entries(services)) {
      const mounted = volumes.map((volume) => volume.split(":")[0] ?? "").filter((from) => from.startsWith("../"));
      for (const from of mounted) assert.ok(existsSync(path.join(root, "deploy/compose", from)), `${name}: ${from}`);
    }
    assert.doesNotMatch(read("deploy/compose/compose.yaml"), /0\.0\.0\.0|\bports:/u);
  });

  test("stands beside configurations that are YAML", () => {
    for (const file of [
      "alertmanager/alertmanager.yaml",
      "prometheus/prometheus.yaml",
      "grafana/provisioning/dashboards/watchkeeper.yaml",
      "grafana/provisioning/datasources/prometheus.yaml",
    ])
      assert.equal(typeof parse(read(`deploy/${file}`)), "object", file);
  });
});
