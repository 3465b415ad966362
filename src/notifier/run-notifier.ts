/** The notifier put together: a process of its own that reads the journal, keeps its outbox and tells people; it never speaks to a device. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { NotifierPorts, NotifySite } from "../cli/ports.ts";
import type { Clock } from "../domain/clock.ts";
import type { Notice } from "../domain/notify.ts";
import { printable } from "../domain/printable.ts";
import { after, seconds, wallMs, type Milliseconds } from "../domain/units.ts";
import { claimOutbox } from "../store/database-lock.ts";
import { journalStart, readNews } from "../store/database-news.ts";
import { makeOutboxFolder, OutboxDatabase, outboxIn, type OutboxPlaces, type StoredOutbox } from "../store/database-outbox.ts";
import { journalName } from "../store/state-folder.ts";
import { StopFile } from "../store/stop-file.ts";
import { dial } from "../notify/dial.ts";
import { newMemory, type Happened, type Memory } from "../notify/memory.ts";
import { testNotice } from "../notify/notices.ts";
import { Outbox, type KeptOutbox } from "../notify/outbox.ts";
import { Postman } from "../notify/postman.ts";
import { sender, type Send } from "../notify/senders.ts";
import { Watch, type WatchParts } from "../notify/watch.ts";
import { SiteFiles } from "./site-files.ts";
import { WindowsBeside } from "./windows-beside.ts";

/** About 3 ms of work. */
const lookEvery: Milliseconds = seconds(2);

interface Begun {
  readonly memory: Memory;
  readonly latest: WatchParts["latest"];
}

type Say = (level: "info" | "warn", text: string) => void;

/** `ended` resolves when the process is told to end. */
export function notifier(clock: Clock, ended: Promise<void>): NotifierPorts {
  return {
    run: (site) => new Notifier(clock, site).run(ended),
    async test(site, wanted) {
      const files = new SiteFiles(site, clock);
      const problem = files.read();
      if (problem !== undefined) return { problems: [problem] };
      const send = senderOf(site, files, clock);
      const memory = newMemory(clock.wall(), { transitions: 0, audit: 0 });
      const notice = testNotice(memory, { now: clock.wall(), site: site.settings.site, lab: site.lab });
      const targets = site.config.targets.filter(({ id }) => wanted === undefined || id === wanted);
      return { tried: await Promise.all(targets.map(async (target) => ({ target: target.id, problem: await send(target, notice) }))) };
    },
    status(stateDir) {
      const places = outboxIn(stateDir);
      const read = OutboxDatabase.read(places.file);
      if (read !== undefined && "problem" in read) return { problems: [read.problem] };
      const claim = read === undefined ? undefined : claimOutbox(places.folder, clock);
      const running = claim !== undefined && "problem" in claim;
      if (claim && "release" in claim) claim.release();
      const memory = read?.memory === undefined ? undefined : (JSON.parse(read.memory) as Memory);
      const { deliveries = [], records = [] } = read ?? {};
      return { running, alarms: Object.values(memory?.alarms ?? {}), deliveries, records };
    },
  };
}

function senderOf({ config }: NotifySite, files: SiteFiles, clock: Clock): Send {
  const { nameServers } = config;
  const parts = { clock, nameServers, hosts: () => textOf("/etc/hosts"), forbidden: (address: string) => files.forbidden(address) };
  return sender({ clock, hostname: hostname(), dial: (place, within) => dial(place, within, parts) });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return "";
  }
}

class Notifier {
  readonly #clock: Clock;
  readonly #site: NotifySite;
  readonly #say: Say;
  readonly #stateDir: string;
  readonly #journal: string;
  readonly #outbox: OutboxPlaces;

  constructor(clock: Clock, site: NotifySite) {
    this.#clock = clock;
    this.#site = site;
    this.#say = site.say;
    this.#stateDir = site.settings.stateDir;
    this.#journal = join(this.#stateDir, journalName);
    this.#outbox = outboxIn(this.#stateDir);
  }

  async run(ended: Promise<void>): Promise<number> {
    const files = new SiteFiles(this.#site, this.#clock);
    const unread = files.read();
    // Without the watchlist nobody knows where nothing may be sent.
    if (unread !== undefined) return this.#failed(unread);
    const unmade = makeOutboxFolder(this.#outbox);
    if (unmade) return this.#failed(unmade.problem);
    using lock = disposable(claimOutbox(this.#outbox.folder, this.#clock), (claimed) => claimed.release());
    if ("problem" in lock.value) return this.#failed(lock.value.problem);
    using store = disposable(OutboxDatabase.open(this.#outbox.file), (open) => open.close());
    if ("problem" in store.value) return this.#failed(store.value.problem);
    const kept = store.value.load();
    const begun = this.#begin(kept);
    if ("problem" in begun) return this.#failed(begun.problem);
    const { memory, latest } = begun;
    const { config } = this.#site;
    const outbox = new Outbox(
      store.value,
      memory,
      keptOf(kept),
      config.targets.map(({ id }) => id),
    );
    const send = senderOf(this.#site, files, this.#clock);
    const postmen = config.targets.map((target) => new Postman(target, { clock: this.#clock, outbox, send, say: this.#say }));
    const watch = this.#watch({ memory, latest, outbox, files });
    this.#say("info", `tells ${config.targets.map(({ id }) => id).join(", ")} of what happens at ${this.#site.settings.site}`);
    await this.#lookUntil(ended, watch, outbox, postmen, files);
    await Promise.all(postmen.map((postman) => postman.end()));
    return 0;
  }

  #watch({ memory, latest, outbox, files }: Begun & { readonly outbox: Outbox; readonly files: SiteFiles }): Watch {
    const clock = this.#clock;
    const stopFile = new StopFile(this.#stateDir, clock);
    const windows = new WindowsBeside(this.#stateDir, clock, (text) => this.#say("warn", text));
    return new Watch({
      clock,
      config: this.#site.config,
      memory,
      outbox,
      watched: () => files.watched,
      news: (from) => readNews(this.#journal, from),
      begin: () => journalStart(this.#journal),
      latest,
      stop: () => stopIn(stopFile, clock),
      muted: (highest) => {
        const open = windows.at(highest);
        return (id) => {
          const device = files.watched.plan.devices.get(id);
          return device !== undefined && (open.muted(device) || open.pause(device)?.beginsIn === 0);
        };
      },
      pollerSays: this.#site.pollerSays,
    });
  }

  /** Looks at once, and then every 2 s; what is to be sent is sent meanwhile. */
  async #lookUntil(ended: Promise<void>, watch: Watch, outbox: Outbox, postmen: readonly Postman[], files: SiteFiles): Promise<void> {
    let over = false;
    let wake = (): void => {};
    void ended.then(() => {
      over = true;
      wake();
    });
    let [unreadable, unwritable]: (string | undefined)[] = [];
    for (;;) {
      const looked = watch.look();
      if (looked.unreadable !== undefined && looked.unreadable !== unreadable) this.#say("warn", looked.unreadable);
      if (outbox.problem !== undefined && outbox.problem !== unwritable)
        this.#say("warn", `${outbox.problem}; messages go out all the same`);
      [unreadable, unwritable] = [looked.unreadable, outbox.problem];
      for (const postman of postmen) postman.pump();
      const problem = looked.filesChanged || files.due ? files.read() : undefined;
      if (problem !== undefined) this.#say("warn", `the site's files have problems, what was read before goes on: ${problem}`);
      if (over) return;
      if (!looked.more) await this.#pause((resolve) => (wake = resolve));
      if (over) return;
    }
  }

  #pause(wakeBy: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.at(after(this.#clock.monotonic(), lookEvery), resolve);
      wakeBy(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Of earlier runs; at the first start, what stands now. */
  #begin({ memory }: StoredOutbox): Begun | { readonly problem: string } {
    if (memory !== undefined) return { memory: JSON.parse(memory) as Memory, latest: [] };
    const start = journalStart(this.#journal);
    return "problem" in start ? start : { memory: newMemory(this.#clock.wall(), start.cursors), latest: start.latest };
  }

  #failed(problem: string): number {
    this.#say("warn", printable(problem, 4000));
    return 1;
  }
}

function stopIn(stopFile: StopFile, clock: Clock): Happened | undefined {
  if (!stopFile.read()) return undefined;
  const { by = "", reason = "", since } = stopFile.record ?? {};
  const at = since === undefined ? clock.wall() : wallMs(Math.max(0, Date.parse(since) || clock.wall()));
  return { since: at, detail: `by ${by === "" ? "somebody" : by}: ${reason === "" ? "no reason given" : reason}` };
}

function keptOf({ notices, deliveries, records }: StoredOutbox): KeptOutbox {
  return { notices: notices.map((text) => JSON.parse(text) as Notice), deliveries, records };
}

function disposable<T extends object>(
  value: T | { readonly problem: string },
  end: (value: T) => void,
): { readonly value: T | { readonly problem: string }; [Symbol.dispose](): void } {
  return {
    value,
    [Symbol.dispose]() {
      if (!("problem" in value)) end(value);
    },
  };
}
