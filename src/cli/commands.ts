/** Every command, in the order in which a site comes to need them. */
import type { Command } from "./command.ts";
import { adopt } from "./commands/adopt.ts";
import { approve } from "./commands/approve.ts";
import { audit } from "./commands/audit.ts";
import { baseline } from "./commands/baseline.ts";
import { check } from "./commands/check.ts";
import { checkConfig } from "./commands/check-config.ts";
import { conduits } from "./commands/conduits.ts";
import { clock } from "./commands/clock.ts";
import { deepQuery } from "./commands/deep-query.ts";
import { dryRun } from "./commands/dry-run.ts";
import { explain } from "./commands/explain.ts";
import { exportCommand } from "./commands/export.ts";
import { fence } from "./commands/fence.ts";
import { importCommand } from "./commands/import.ts";
import { init } from "./commands/init.ts";
import { notify } from "./commands/notify.ts";
import { opcua } from "./commands/opcua.ts";
import { plan } from "./commands/plan.ts";
import { profiles } from "./commands/profiles.ts";
import { reload } from "./commands/reload.ts";
import { renew } from "./commands/renew.ts";
import { report } from "./commands/report.ts";
import { reset } from "./commands/reset.ts";
import { resume } from "./commands/resume.ts";
import { rollback } from "./commands/rollback.ts";
import { run } from "./commands/run.ts";
import { selftest } from "./commands/selftest.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";
import { suspend } from "./commands/suspend.ts";
import { window } from "./commands/window.ts";

export const commands: readonly Command[] = [
  init,
  importCommand,
  exportCommand,
  checkConfig,
  plan,
  explain,
  profiles,
  dryRun,
  approve,
  renew,
  suspend,
  opcua,
  baseline,
  conduits,
  report,
  selftest,
  run,
  status,
  check,
  stop,
  resume,
  reset,
  window,
  notify,
  deepQuery,
  reload,
  rollback,
  audit,
  clock,
  adopt,
  fence,
];
