/** The composition root: puts the real clock, state folder, drivers and terminal behind what commands ask for. */
import { join } from "node:path";
import { runCli } from "./cli/cli.ts";
import { commands } from "./cli/commands.ts";
import { machine } from "./cli/machine.ts";
import { kernelFence } from "./cli/nft.ts";
import type { Problems, StateStore } from "./cli/ports.ts";
import { terminal } from "./cli/terminal.ts";
import type { AuditEntry } from "./domain/board.ts";
import type { Clock } from "./domain/clock.ts";
import { instant, tripStatus } from "./exporters/control-status.ts";
import { knownIdentities, trustedTime, verifyAudit } from "./store/database-audit.ts";
import { openJournal, type OpenedJournal } from "./store/journal.ts";
import { keptPlans } from "./store/kept-plans.ts";
import { quietRecords } from "./store/quiet-records.ts";
import { adoptStateFolder, createStateFolder, openStateFolder, readBirth, journalName, type StateProblems } from "./store/state-folder.ts";
import { StopFile } from "./store/stop-file.ts";
import { Signals } from "./poller/signals.ts";
import { packageVersion } from "./poller/version.ts";
import { systemClock } from "./system-clock.ts";

/** Runs one command line, which begins with the command's name, and sets the process's exit code. `early`: signals that the launcher got meanwhile. */
export async function main(argv: readonly string[], early: readonly NodeJS.Signals[] = []): Promise<void> {
  // `watchkeeper status | head` ends the pipe early: what is left to print is of no use to anybody.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.exitCode = await runCli(argv, commands, {
    ...terminal(),
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    version: packageVersion(),
    user: process.env["USER"] ?? `user ${process.getuid?.() ?? "unknown"}`,
    methods: async () => (await import("./drivers/registry.ts")).methods,
    machine,
    state: stateStore(systemClock),
    fence: kernelFence,
    selfTest: async (options) => {
      const [{ selfTest }, { everyPolicy }] = await Promise.all([
        import("./poller/self-test/self-test.ts"),
        import("./poller/assemble.ts"),
      ]);
      return selfTest({ ...options, journal: join(options.stateDir, journalName), policies: everyPolicy });
    },
    notifier: async () => {
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => resolve());
      if (early.some((signal) => signal !== "SIGUSR2")) resolve();
      return (await import("./notifier/run-notifier.ts")).notifier(systemClock, ended);
    },
    // Here alone, so that no other command loads a wire or a driver. Signals are obeyed even while that is loaded.
    runPoller: async (options) => {
      const signals = new Signals(process.stdin.isTTY, (signal, run) => process.on(signal, run));
      for (const signal of early) process.emit(signal, signal);
      return (await import("./poller/run-poller.ts")).runPoller(options, signals);
    },
  });
}

/** The state folder in the words of commands. */
export function stateStore(clock: Clock): StateStore {
  return {
    create: (folder, birth) => {
      const made = createStateFolder(folder, birth);
      return Promise.resolve("problems" in made ? inSentences(made) : undefined);
    },
    birth: (folder) => {
      const birth = readBirth(folder);
      return "problems" in birth ? inSentences(birth) : birth;
    },
    stopped: (folder) => {
      const { record } = new StopFile(folder, clock);
      return record && { by: record.by || "somebody", reason: record.reason || "no reason given", since: record.since ?? null };
    },
    stop: (folder, { by, reason }) => problemsOf(new StopFile(folder, clock).write(by, reason)),
    standingStop: (folder) => {
      const stopFile = new StopFile(folder, clock);
      const { generation } = stopFile;
      return stopFile.inForce ? { lift: ({ by, reason }) => problemsOf(stopFile.lift(by, reason, generation)) } : undefined;
    },
    plansThatRan: keptPlans,
    trustedTime: (folder) => {
      const known = trustedTime(join(folder, journalName));
      return "problem" in known ? { problems: [known.problem] } : known.highest;
    },
    identities: (folder) => {
      const known = knownIdentities(join(folder, journalName));
      return "problem" in known ? { problems: [known.problem] } : known.identities;
    },
    quiet: (folder) => {
      const kept = quietRecords(folder);
      if ("problem" in kept) return { problems: [kept.problem] };
      return { ...kept, runs: kept.runs.map(({ at, source, type }) => ({ timestamp: instant(at), source, type })) };
    },
    adopt: (folder, adopted, { by, reason }) => {
      const stopped = new StopFile(folder, clock).write(by, reason);
      if (stopped) return problemsOf(stopped);
      const taken = adoptStateFolder(folder, adopted);
      return "problems" in taken ? inSentences(taken) : undefined;
    },
    readAudit: (journal, visit) => {
      const verdict = verifyAudit(journal, {
        visit: ({ at, sequence, source, category, type, result, detail, previous, hash }) =>
          visit({ timestamp: instant(at), source, category, type, eventId: sequence, result, detail, previous, hash }),
      });
      if ("problem" in verdict) return { problems: [verdict.problem] };
      const { records, head, broken } = verdict;
      return { records, head, broken };
    },
    async journal(folder, site) {
      const birth = readBirth(folder);
      if ("problems" in birth) return inSentences(birth);
      // A copy, or another site's: what a person signs for here would not be true there.
      const opened = openStateFolder(folder, { site, lab: birth.lab });
      if ("problems" in opened) return inSentences(opened);
      const journal = await openJournal(opened.journal, { clock });
      return "problem" in journal ? { problems: [journal.problem] } : session(journal);
    },
  };
}

function session({ journal, trips, highest }: OpenedJournal): Exclude<Awaited<ReturnType<StateStore["journal"]>>, Problems> {
  return {
    trips: () => trips.map(tripStatus),
    highest: instant(highest),
    noteTime: (at) => journal.noteTime(at),
    reset: (scope, at) => journal.reset(scope, at),
    identity: (known) => journal.identity(known),
    audit: (entry: AuditEntry) => journal.audit(entry),
    async close() {
      // Closing waits for the disk, at most 5 s, and rejects what is not written by then.
      const written = journal.settled().then(
        () => undefined,
        (error: unknown) => ({
          problems: [`${error instanceof Error ? error.message : String(error)} (${journal.problem ?? "no word from the disk"})`],
        }),
      );
      await journal.close();
      return written;
    },
  };
}

function inSentences({ problems }: StateProblems): Problems {
  return { problems: problems.map(({ detail }) => detail) };
}

function problemsOf(found: { readonly problem: string } | undefined): Problems | undefined {
  return found && { problems: [found.problem] };
}
