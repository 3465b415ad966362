/** Tells people what happens, by e-mail, syslog or webhook, for a site without Alertmanager: a process of its own beside the poller. */
import path from "node:path";
import { alarmKinds } from "../../domain/alarm-kinds.ts";
import { loadNotify, notifyFileName } from "../../config/notify.ts";
import { formatProblem } from "../../config/problem.ts";
import { controlSocketName } from "../../domain/control.ts";
import type { NotifyConfig } from "../../domain/notify.ts";
import { printable } from "../../domain/printable.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { labAsked } from "../lab.ts";
import { listensAt } from "../listening-files.ts";
import { pollerOf } from "../poller.ts";
import type { NotifierStatus, NotifySite, Problems } from "../ports.ts";
import { failed } from "../report.ts";
import { settingsFileOf, settingsOf } from "../settings-file.ts";
import { plannedSite } from "../site.ts";
import { columns, counted, moment } from "../text.ts";

export const notify: Command = {
  name: "notify",
  plans: true,
  words: [
    { name: "test|status", required: false },
    { name: "target", required: false },
  ],
  options: {
    "notify.file": { type: "text", value: "<file>", summary: "whom to tell (default notify.yaml beside the settings)" },
  },
  examples: [
    ["watchkeeper notify", "run beside the poller, with ./notify.yaml"],
    ["watchkeeper notify --config.file /etc/watchkeeper/watchkeeper.yaml", "as a service runs it"],
    ["watchkeeper notify test", "send a test message to every target and say what came of each"],
    ["watchkeeper notify test bridge-mail", "to one of them"],
    ["watchkeeper notify status", "what stands, what is waiting, how each target has fared"],
  ],
  more:
    "Reads the journal and never asks a device; runs under the poller's account, as a process of its own. It sends nothing into a segment of " +
    "the watchlist and nothing by the interface of one, name questions included. What is not delivered is kept in the state folder and tried " +
    "again, also after a restart. Device alarms are muted by mute windows and pauses. `notify status` ends with exit code 1 when no notifier " +
    "runs or a target does not take its messages. docs/notifications.md has the whole of it.",
  async run(context) {
    const [what, target] = context.words;
    switch (what) {
      case undefined:
        return running(context);
      case "test":
        return tested(context, target);
      case "status":
        if (target !== undefined) throw new WrongUsage(`"${target}" is one word too many`);
        return shown(context);
      default:
        throw new WrongUsage(`found ${what}, expected test, status or nothing`);
    }
  },
};

async function running(context: Context): Promise<ExitCode> {
  const site = notifySite(context);
  if ("problems" in site) return failed(context, site.problems);
  return (await (await context.notifier()).run(site)) === 0 ? 0 : 1;
}

async function tested(context: Context, wanted: string | undefined): Promise<ExitCode> {
  const site = notifySite(context);
  if ("problems" in site) return failed(context, site.problems);
  const { targets } = site.config;
  if (wanted !== undefined && !targets.some(({ id }) => id === wanted))
    return failed(context, [`${wanted}: no such target in notify.yaml; there are ${targets.map(({ id }) => id).join(", ")}`]);
  const result = await (await context.notifier()).test(site, wanted);
  if ("problems" in result) return failed(context, result.problems);
  if (context.flag("json"))
    context.print(
      JSON.stringify(
        result.tried.map((one) => ({ ...one, problem: one.problem ?? null })),
        undefined,
        2,
      ),
    );
  else
    for (const { target, problem } of result.tried)
      context.print(`${target}: ${problem === undefined ? "taken" : `NOT TAKEN: ${printable(problem, 1000)}`}`);
  return result.tried.every(({ problem }) => problem === undefined) ? 0 : 1;
}

async function shown(context: Context): Promise<ExitCode> {
  const settings = settingsOf(context);
  if ("problems" in settings) return failed(context, settings.problems);
  const status = (await context.notifier()).status(settings.stateDir);
  if ("problems" in status) return failed(context, status.problems);
  if (context.flag("json")) context.print(JSON.stringify(status, undefined, 2));
  else context.print(statusLines(status).join("\n"));
  return status.running && status.records.every(({ problem }) => problem === "") ? 0 : 1;
}

function statusLines({ running, alarms, deliveries, records }: NotifierStatus): readonly string[] {
  const targets = records.map(({ target, delivered, dropped, lastDeliveredAt, problem }) => {
    const waiting = deliveries.filter((delivery) => delivery.target === target).length;
    const last = lastDeliveredAt === null ? "never" : `last ${at(lastDeliveredAt)}`;
    const gaps = [waiting > 0 ? `${waiting} waiting` : "", dropped > 0 ? `${dropped} DROPPED` : ""].filter((gap) => gap !== "");
    return [
      `  ${target}`,
      [`${delivered} delivered (${last})`, ...gaps, problem === "" ? "" : `FAILING: ${problem}`].filter((one) => one !== "").join(", "),
    ];
  });
  const standing = alarms.map(({ alarm, name, since, detail, told }) => [
    `  ${alarmKinds[alarm].word}`,
    `${name}, since ${at(since)}${told ? "" : " (not told: muted, or not for long enough)"}${detail === "" ? "" : `: ${printable(detail, 200)}`}`,
  ]);
  return [
    running ? "The notifier runs." : "NO NOTIFIER RUNS for this site; start it with `watchkeeper notify`.",
    ...(targets.length === 0 ? ["No target has had a message yet."] : ["", "targets:", ...columns(targets, 120)]),
    "",
    standingWords(alarms.length, running),
    ...columns(standing, 120),
  ];
}

/** What a notifier that has ended knew may be long over. */
function standingWords(count: number, running: boolean): string {
  if (running) return count === 0 ? "No alarm stands." : `${counted(count, "alarm stands", "alarms stand")}:`;
  return count === 0 ? "No alarm stood when a notifier last ran." : `${counted(count, "alarm", "alarms")} stood when a notifier last ran:`;
}

function notifySite(context: Context): NotifySite | Problems {
  const lab = labAsked(context);
  const settings = settingsOf(context);
  if ("problems" in settings) return settings;
  const config = notifyConfig(context);
  if ("problems" in config) return config;
  const text = (say: string): string => `${new Date(context.clock.wall()).toISOString()} ${say}`;
  return {
    settings,
    lab,
    config,
    watched: () => {
      const planned = plannedSite(context);
      if ("problems" in planned && !("compiled" in planned)) return planned;
      return { plan: planned.compiled.plan, ownCertificate: planned.site.ownCertificate };
    },
    pollerSays: () => pollerSays(context, settings.stateDir),
    say: (level, said) => (level === "info" ? context.print : context.warn)(text(printable(said, 4000))),
  };
}

function notifyConfig(context: Context): NotifyConfig | Problems {
  const named = context.text("notify.file");
  const location =
    named === undefined ? path.join(path.dirname(settingsFileOf(context)), notifyFileName) : path.resolve(context.cwd, named);
  const loaded = loadNotify(named ?? notifyFileName, location);
  return loaded.ok ? loaded.value : { problems: loaded.problems.map(formatProblem) };
}

/** The control socket is a file of this machine: no network is used. */
async function pollerSays(context: Context, stateDir: string): Promise<string | undefined> {
  const asked = await pollerOf(context, stateDir).ask("status", {});
  // Its unit lets the notifier open no socket of that kind; that somebody listens there the kernel says all the same.
  if (asked.kind === "trouble")
    return listensAt(path.join(stateDir, controlSocketName)) ? "a poller runs, and writes nothing into its journal" : undefined;
  if (asked.kind !== "answered" || !asked.reply.ok) return undefined;
  const { problem } = asked.reply.result.audit;
  return problem === null ? "the poller answers and writes nothing into its journal" : `the poller answers; its disk says: ${problem}`;
}

function at(moments: number): string {
  return moment(new Date(moments).toISOString());
}
