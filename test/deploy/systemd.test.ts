/** The units that are shipped: whom they may speak to before a person has named anybody, and when they end for good. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fenceRecordLasts } from "../../src/domain/fence-state.ts";

const units = path.resolve(import.meta.dirname, "../../deploy/systemd");

/** What a unit says under a key, line by line. */
function said(unit: string, key: string): readonly string[] {
  const lines = readFileSync(path.join(units, unit), "utf8").split("\n");
  return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
}

for (const unit of ["watchkeeper.service", "watchkeeper-notify.service"])
  test(`${unit} speaks to nobody but this machine until a drop-in names somebody`, () => {
    assert.deepEqual([said(unit, "IPAddressDeny"), said(unit, "IPAddressAllow")], [["any"], ["localhost"]]);
  });

test("the notifier begins where it is told whom to tell, and nothing that is broken for a while ends it for good", () => {
  const unit = "watchkeeper-notify.service";
  assert.deepEqual(said(unit, "ConditionPathExists"), ["/etc/watchkeeper/notify.yaml"]);
  assert.deepEqual(
    [said(unit, "Restart"), said(unit, "StartLimitIntervalSec"), said(unit, "RestartSec")],
    [["on-failure"], ["0"], ["2min"]],
  );
});

test("the notifier has the poller's account and may change nothing of it: files, control socket, processes", () => {
  const unit = "watchkeeper-notify.service";
  assert.deepEqual(
    ["ProtectSystem", "ReadWritePaths", "StateDirectory", "ConfigurationDirectory", "RestrictAddressFamilies"].map((key) =>
      said(unit, key),
    ),
    [["strict"], ["-/var/lib/watchkeeper/state/notify"], [], [], ["AF_INET AF_INET6 AF_NETLINK"]],
  );
  assert.ok(said(unit, "SystemCallFilter").includes("~kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal"));
  // Node raises SIGTERM anew where nobody listens for it yet; without leave to, it would outlive a stop until it is killed.
  assert.deepEqual(said(unit, "KillSignal"), ["SIGHUP"]);
});

test("settings and approvals are read-only for every unit: ConfigurationDirectory= would open their folder", () => {
  for (const unit of ["watchkeeper.service", "watchkeeper-notify.service", "watchkeeper-fence.service"])
    assert.deepEqual([said(unit, "ProtectSystem"), said(unit, "ConfigurationDirectory")], [["strict"], []], unit);
});

test("the look at the kernel's fence has one right, sends nothing, and is repeated long before what it found is too old", () => {
  const unit = "watchkeeper-fence.service";
  assert.deepEqual(
    ["AmbientCapabilities", "CapabilityBoundingSet", "RestrictAddressFamilies", "IPAddressDeny", "IPAddressAllow"].map((key) =>
      said(unit, key),
    ),
    [["CAP_NET_ADMIN"], ["CAP_NET_ADMIN"], ["AF_NETLINK"], ["any"], []],
  );
  assert.deepEqual(said("watchkeeper-fence.timer", "OnUnitActiveSec"), ["1h"]);
  assert.ok(fenceRecordLasts >= 4 * 3_600_000);
});

test("the poller that ends again and again is left down, for a person to look at", () => {
  const unit = "watchkeeper.service";
  assert.deepEqual([said(unit, "StartLimitIntervalSec"), said(unit, "StartLimitBurst")], [["10min"], ["5"]]);
});
