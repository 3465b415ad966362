/** Every command, in the order in which a site comes to need them: what the overview says of it, and how to get at the rest, which is loaded for the one that runs alone. */
import type { ListedCommand } from "./command.ts";

export const commands: readonly ListedCommand[] = [
  { name: "init", summary: "make the folder of a new site", load: async () => (await import("./commands/init.ts")).init },
  {
    name: "import",
    summary: "take an inventory (CSV) over into the watchlist, with a profile proposed for each device",
    load: async () => (await import("./commands/import.ts")).importCommand,
  },
  {
    name: "export",
    summary: "write the watchlist's devices as an inventory (CSV)",
    load: async () => (await import("./commands/export.ts")).exportCommand,
  },
  {
    name: "check-config",
    summary: "say everything that is wrong in the files, with file and line",
    load: async () => (await import("./commands/check-config.ts")).checkConfig,
  },
  {
    name: "plan",
    summary: "show what would be sent to which device, how often, at worst, and what is not asked",
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  {
    name: "explain",
    summary: "say why a device is asked or not, in one line, then in full",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  {
    name: "profiles",
    summary: "list, show or search the device profiles: what is known, and which document says so",
    load: async () => (await import("./commands/profiles.ts")).profiles,
  },
  {
    name: "dry-run",
    summary: "do everything but send: show a family, or a segment, for a day before it is asked",
    load: async () => (await import("./commands/dry-run.ts")).dryRun,
  },
  { name: "approve", summary: "allow a device family to be asked", load: async () => (await import("./commands/approve.ts")).approve },
  {
    name: "renew",
    summary: "let an approval run longer, where nothing that it covers has changed",
    load: async () => (await import("./commands/renew.ts")).renew,
  },
  {
    name: "suspend",
    summary: "stop asking a device family until it is approved again, or a segment until that is ended",
    load: async () => (await import("./commands/suspend.ts")).suspend,
  },
  {
    name: "opcua",
    summary: "pin the certificate that an OPC UA server must have",
    load: async () => (await import("./commands/opcua.ts")).opcua,
  },
  {
    name: "baseline",
    summary: "accept, list, show or report who the devices say they are",
    load: async () => (await import("./commands/baseline.ts")).baseline,
  },
  {
    name: "conduits",
    summary: "list every flow for firewalls and zone plans, or judge a packet capture by the plan",
    load: async () => (await import("./commands/conduits.ts")).conduits,
  },
  {
    name: "report",
    summary: "print the Monitoring Scope Justification: what is watched, how, and on whose word",
    load: async () => (await import("./commands/report.ts")).report,
  },
  {
    name: "selftest",
    summary: "try limiter, exclusions, frame guards, stop and audit; no device is asked",
    load: async () => (await import("./commands/selftest.ts")).selftest,
  },
  { name: "run", summary: "ask what is approved, until Ctrl-C or SIGTERM", load: async () => (await import("./commands/run.ts")).run },
  {
    name: "status",
    summary: "show every device: liveness, cause, last heard, next due, trips, holds, stop",
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "check",
    summary: "ask a device now, if its interval and budgets allow; else say when",
    load: async () => (await import("./commands/check.ts")).check,
  },
  { name: "stop", summary: "stop all asking now, until a person resumes", load: async () => (await import("./commands/stop.ts")).stop },
  {
    name: "resume",
    summary: "lift the stop; asking begins again a full interval later",
    load: async () => (await import("./commands/resume.ts")).resume,
  },
  { name: "reset", summary: "lift a trip, after a person has looked", load: async () => (await import("./commands/reset.ts")).reset },
  {
    name: "window",
    summary: "open, extend, close or list maintenance windows",
    load: async () => (await import("./commands/window.ts")).window,
  },
  {
    name: "notify",
    summary: "tell people what happens by e-mail, syslog or webhook, until Ctrl-C or SIGTERM",
    load: async () => (await import("./commands/notify.ts")).notify,
  },
  {
    name: "deep-query",
    summary: "ask devices who they are in full, inside a deep-query window, while a person watches",
    load: async () => (await import("./commands/deep-query.ts")).deepQuery,
  },
  {
    name: "reload",
    summary: "let the running poller read its files again",
    load: async () => (await import("./commands/reload.ts")).reload,
  },
  {
    name: "rollback",
    summary: "go back to the files of a plan that ran before",
    load: async () => (await import("./commands/rollback.ts")).rollback,
  },
  {
    name: "audit",
    summary: "check that no audit record was changed, or copy records out",
    load: async () => (await import("./commands/audit.ts")).audit,
  },
  {
    name: "clock",
    summary: "say that the wall clock is right, after it was suspect",
    load: async () => (await import("./commands/clock.ts")).clock,
  },
  {
    name: "adopt",
    summary: "take over a copied, restored or moved state folder; it starts stopped",
    load: async () => (await import("./commands/adopt.ts")).adopt,
  },
  {
    name: "fence",
    summary: "hold the kernel to the plan: print rules for nftables or systemd, or check installed ones",
    load: async () => (await import("./commands/fence.ts")).fence,
  },
];
