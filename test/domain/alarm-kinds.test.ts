/** The notifier's alarms are those of the shipped rules: same names, same severity, same patience, and a runbook for each. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { alarmKinds, alarmNames } from "../../src/domain/alarm-kinds.ts";
import { parseDuration } from "../../src/domain/duration.ts";
import { explained } from "../../src/notify/conditions.ts";

const root = path.resolve(import.meta.dirname, "../..");
const rules = parse(readFileSync(path.join(root, "deploy/prometheus/watchkeeper.rules.yaml"), "utf8")) as {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert?: string;
      readonly for?: string;
      readonly expr: string;
      readonly labels?: { readonly severity?: string };
    }[];
  }[];
};
const shipped = new Map(rules.groups.flatMap((group) => group.rules).map((rule) => [rule.alert, rule]));
/** Judged by other means than the rule's, or told sooner to a person than to a screen. */
const ownPatience = new Set(["WatchkeeperSilent", "WatchkeeperStopped", "WatchkeeperApprovalExpiring", "WatchkeeperCertificateExpiring"]);

test("each has the severity and the patience of its rule, and its runbook", () => {
  assert.ok(alarmNames.length >= 15);
  for (const name of alarmNames) {
    const rule = shipped.get(name);
    assert.ok(rule, `${name} is no shipped alert`);
    assert.equal(alarmKinds[name].severity, rule.labels?.severity, name);
    if (!ownPatience.has(name)) assert.equal(alarmKinds[name].after, rule.for === undefined ? 0 : parseDuration(rule.for), name);
    assert.ok(existsSync(path.join(root, "docs/runbooks", `${name}.md`)), name);
  }
});

test("a device that is unknown for a reason of its own is told by neither the notifier nor the rule", () => {
  const expr = shipped.get("WatchkeeperDeviceUnknown")?.expr ?? "";
  const [, causes = ""] = /watchkeeper_device_cause\{cause=~"([^"]+)"\}/u.exec(expr) ?? [];
  assert.deepEqual(causes.split("|"), [...explained]);
});

test("each fits into a subject line and a syslog message id, and says what to do in one sentence", () => {
  for (const name of alarmNames) {
    const { word, says, action } = alarmKinds[name];
    assert.match(name, /^[\x21-\x7e]{1,32}$/u);
    assert.match(word, /^[A-Z ]{2,20}$/u);
    assert.ok(says.length < 80 && action.length < 120 && action.endsWith("."), name);
  }
});
