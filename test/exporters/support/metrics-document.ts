/** docs/metrics.md, written from the page itself: every family with its words, and how many series sites of three sizes have. */
import type { Window } from "../../../src/domain/windows.ts";
import { wallMs } from "../../../src/domain/units.ts";
import type { WindowsShown } from "../../../src/exporters/window-metrics.ts";
import { devicesPerSegment, largeSite } from "./large-site.ts";
import { rendered, smallSite } from "./small-site.ts";

const sizes = [100, 1000, 10_000] as const;

const window: Window = {
  id: "w1",
  kind: "mute",
  scope: "site",
  offsetMinutes: 0,
  from: wallMs(0),
  until: wallMs(1),
  by: "",
  reason: "",
};
const windows: WindowsShown = { all: () => [window], isOpen: () => true, muted: () => true };

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export async function metricsDocument(): Promise<string> {
  const page = await rendered(await smallSite({ windows }));
  const families = familiesOf(page);
  const counts = new Map<string, number[]>();
  for (const size of sizes) for (const [name, count] of await seriesOf(size)) counts.set(name, [...(counts.get(name) ?? []), count]);
  const row = ({ name, type, help, labels }: Family): string =>
    `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(" ")} | ${help.replaceAll("|", "\\|")} | ${(counts.get(name) ?? sizes.map(() => 0)).map(grouped).join(" | ")} |`;
  const totals = sizes.map((_, index) => grouped([...counts.values()].reduce((sum, each) => sum + (each[index] ?? 0), 0)));
  return `# Metrics

\`GET /metrics\`, as Prometheus text or OpenMetrics by the Accept header. A scrape reads what is stored and asks no device: \`watchkeeper_check_last_run_timestamp_seconds\` says how old each answer is. The site is a label that your Prometheus gives: on the target, by which the dashboards choose, and as an external label for whoever it sends to ([prometheus.yaml](../deploy/prometheus/prometheus.yaml) has both). No address and no port is in any label unless \`labels: {address: true}\` says so.

\`device\` and \`check\` are all that most series carry; zone, segment, category and profile are joined from \`watchkeeper_device_info\`:

\`\`\`promql
watchkeeper_device_state{state="down"} * on (device) group_left (zone, category) watchkeeper_device_info == 1
\`\`\`

Closed sets of values: \`state\` up, degraded, down, unknown; \`reason\` of a failure or a refusal, and \`cause\`, as in src/domain/reasons.ts. Each set is complete from the start, at 0, so that \`increase()\` sees the first event; only \`watchkeeper_check_refused_total\` and \`watchkeeper_check_withheld_total\` begin with a check's first refusal. The process's own figures (\`process_*\`, \`nodejs_*\`, about 60 series) come on top.

## Every family, and how many series it has

Counted on sites of ${sizes.map(grouped).join(", ")} devices that all answer, ${devicesPerSegment} a segment, one check each, one profile, nothing tripped.

| Metric | Type | Labels | What it says | ${sizes.map(grouped).join(" | ")} |
|---|---|---|---|${sizes.map(() => "---:").join("|")}|
${families.map(row).join("\n")}
| all | | | | ${totals.join(" | ")} |

A further check of a device adds ${perCheck(counts, families)} series; each kind of refusal that a check has met adds one. With Prometheus' usual 15 s a site of 10,000 devices is a small server's work; 30 or 60 s lose nothing, because no check is asked more often than every 30 s.

This page is written by \`npm run metrics-document\`.
`;
}

async function seriesOf(devices: number): Promise<ReadonlyMap<string, number>> {
  const page = await rendered(largeSite(devices));
  const names = familiesOf(page).map(({ name }) => name);
  const counts = new Map<string, number>(names.map((name) => [name, 0]));
  for (const line of page.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const sample = /^\w+/u.exec(line)?.[0] ?? "";
    const family = counts.has(sample) ? sample : sample.replace(/_(bucket|sum|count)$/u, "");
    counts.set(family, (counts.get(family) ?? 0) + 1);
  }
  return counts;
}

function familiesOf(page: string): readonly Family[] {
  return Array.from(page.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gmu), ([, name = "", help = "", type = ""]) => {
    const sample = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\} \\S+$`, "mu").exec(page)?.[1] ?? "";
    return { name, type, help, labels: Array.from(sample.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/gu), ([, label = ""]) => label) };
  });
}

/** Of 100 devices with one check each: what is there once a check. */
function perCheck(counts: ReadonlyMap<string, readonly number[]>, families: readonly Family[]): number {
  const ofChecks = families.filter(({ labels }) => labels.includes("check"));
  return ofChecks.reduce((sum, { name }) => sum + (counts.get(name)?.[0] ?? 0), 0) / sizes[0];
}

function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/gu, ",");
}
