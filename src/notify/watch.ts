/** One look after the other at the journal and what stands beside it: what is new goes into the memory, what people must hear of into the outbox. */
import type { Clock } from "../domain/clock.ts";
import { certificatesOf, certificateWords } from "../domain/certificate-words.ts";
import type { JournalNews, NotifyConfig } from "../domain/notify.ts";
import type { DeviceId, Plan } from "../domain/plan.ts";
import type { CertificateEnd } from "../domain/security.ts";
import { endWords } from "../domain/stage-words.ts";
import { approvalAge } from "../domain/stages.ts";
import { between, seconds, type Milliseconds, type MonotonicMs, type WallMs } from "../domain/units.ts";
import { itemsFor } from "./words.ts";
import type { Circumstances } from "./conditions.ts";
import { foldNews, type FoldedEvents, type Happened, type Memory } from "./memory.ts";
import { lookAround, nextNotice } from "./notices.ts";
import type { Outbox } from "./outbox.ts";

/** What the site's files say. */
export interface Watched {
  readonly plan: Plan;
  readonly ownCertificate: CertificateEnd | undefined;
}

export interface WatchParts {
  readonly clock: Clock;
  readonly config: NotifyConfig;
  readonly memory: Memory;
  readonly outbox: Outbox;
  readonly watched: () => Watched;
  readonly news: (from: Pick<Memory, "transitions" | "audit">) => JournalNews | { readonly problem: string };
  /** Where an older or another journal begins to be read. */
  readonly begin: () => Beginning | { readonly problem: string };
  /** The latest word on each device, where nothing was read before: it goes in with the first news, each in its time. */
  readonly latest: JournalNews["transitions"];
  readonly stop: () => Happened | undefined;
  /** By the windows as they are at this moment; `highest` is the highest trusted time. */
  readonly muted: (highest: WallMs) => (device: DeviceId) => boolean;
  /** What a poller answers that writes nothing; asked when nothing was written for too long. */
  readonly pollerSays: () => Promise<string | undefined>;
}

/** Where somebody begins to read, and what was last said of each device until then. */
export interface Beginning {
  readonly cursors: Pick<Memory, "transitions" | "audit">;
  readonly latest: JournalNews["transitions"];
}

export interface Looked {
  /** There is more to be read at once. */
  readonly more: boolean;
  /** The files may be others now: somebody has approved, edited, reloaded or started. */
  readonly filesChanged: boolean;
  /** Why the journal cannot be read. */
  readonly unreadable: string | undefined;
}

const askPollerEvery: Milliseconds = seconds(60);
const changing: ReadonlySet<string> = new Set(["configuration", "approval"]);

export class Watch {
  readonly #parts: WatchParts;
  #movedAt: MonotonicMs;
  /** Not gone in yet: the audit that is read next begins with a start, after which most of them have come. */
  #latest: JournalNews["transitions"];
  #trips: JournalNews["trips"] = [];
  #highest = 0 as WallMs;
  #said: { readonly at: MonotonicMs; readonly answered: boolean; readonly text: string | undefined } | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#latest = parts.latest;
    this.#movedAt = parts.clock.monotonic();
  }

  /** Everything of it is saved before it returns, or kept for the next save. */
  look(): Looked {
    const { memory, news, outbox } = this.#parts;
    const before = inShort(memory);
    const read = news(memory);
    const known = "problem" in read ? undefined : read;
    const advanced = known !== undefined && known.mark !== memory.mark;
    if (advanced) {
      this.#movedAt = this.#parts.clock.monotonic();
      this.#said = undefined;
    }
    const folded = known === undefined ? { back: [], events: [] } : this.#fold(known);
    if (known) [this.#trips, this.#highest] = [known.trips, known.highest];
    const unreadable = "problem" in read ? read.problem : undefined;
    const now = this.#circumstances(advanced, unreadable);
    // Of a backlog the end counts: what was down and is back need not be told as standing.
    if (known?.more !== true) this.#tell(folded, now);
    else lookAround(memory, folded, { ...now, muted: () => true });
    const rows = known === undefined ? 0 : known.transitions.length + known.audit.length;
    if (rows > 0 || inShort(memory) !== before) outbox.touch();
    outbox.save();
    const filesChanged = known?.audit.some(({ category, type }) => changing.has(category) || type === "started") ?? false;
    return { more: known?.more ?? false, filesChanged, unreadable };
  }

  #tell(folded: FoldedEvents, now: Circumstances): void {
    const { config, memory, outbox } = this.#parts;
    lookAround(memory, folded, now);
    const notice = nextNotice(memory, config, now);
    if (!notice) return;
    const targets = config.targets.filter(({ least }) => itemsFor(notice, least).length > 0);
    outbox.add(
      notice,
      targets.map(({ id }) => id),
    );
  }

  #fold(news: JournalNews): FoldedEvents {
    const { memory, begin } = this.#parts;
    if (!news.replaced) {
      const transitions = [...this.#latest, ...news.transitions];
      this.#latest = [];
      return foldNews(memory, { ...news, transitions });
    }
    const start = begin();
    if ("problem" in start) return { back: [], events: [] };
    Object.assign(memory, start.cursors);
    this.#latest = start.latest;
    const since = this.#parts.clock.wall();
    const detail = "the journal ends before what was read of it earlier";
    return { back: [], events: [{ alarm: "WatchkeeperAuditReplaced", subject: "site", since, detail }] };
  }

  #circumstances(advanced: boolean, unreadable: string | undefined): Circumstances {
    const { clock, config, muted, stop, watched } = this.#parts;
    const { plan, ownCertificate } = watched();
    const now = clock.wall();
    const devices = new Map(
      [...plan.devices.values()].flatMap(({ id, name, checks }) => (checks.length === 0 ? [] : [[id as string, { name }]])),
    );
    const stillFor = between(this.#movedAt, clock.monotonic());
    if (stillFor >= config.silentAfter) this.#askPoller();
    const mutedNow = muted(this.#highest);
    return {
      now,
      site: plan.site,
      lab: plan.lab,
      devices,
      muted: (device) => mutedNow(device as DeviceId),
      trips: this.#trips,
      stop: stop(),
      endings: endingsOf(plan, ownCertificate, now),
      advanced,
      stillFor,
      silentAfter: config.silentAfter,
      unreadable,
      pollerAsked: this.#said?.answered ?? false,
      pollerSays: this.#said?.text,
    };
  }

  /** The answer counts from the next look on. */
  #askPoller(): void {
    const { clock, pollerSays } = this.#parts;
    const at = clock.monotonic();
    if (this.#said && between(this.#said.at, at) < askPollerEvery) return;
    this.#said = { at, answered: this.#said?.answered ?? false, text: this.#said?.text };
    void pollerSays().then((text) => {
      this.#said = { at, answered: true, text };
    });
  }
}

/**
 * What must be saved when it changes. Devices change with records alone; the mark and the time of a stop are seen again after a start, and with
 * them 10,000 devices would be written anew every minute for nothing.
 */
function inShort(memory: Memory): string {
  return JSON.stringify({ ...memory, devices: Object.keys(memory.devices).length, mark: "", stoppedAt: null });
}

function endingsOf({ families, devices }: Plan, own: CertificateEnd | undefined, now: WallMs): Circumstances["endings"] {
  const approvals = [...families.values()].flatMap(({ id, end }): Circumstances["endings"] => {
    const detail = end && endWords(id, end, now);
    if (!end || detail === undefined) return [];
    const ended = approvalAge(end, now) === "ended";
    return [{ alarm: ended ? "WatchkeeperApprovalEnded" : "WatchkeeperApprovalExpiring", subject: id, detail }];
  });
  const certificates = certificatesOf({ devices }, own).flatMap((certificate): Circumstances["endings"] => {
    const detail = certificateWords(certificate, now);
    return detail === undefined ? [] : [{ alarm: "WatchkeeperCertificateExpiring", subject: certificate.device ?? "site", detail }];
  });
  return [...approvals, ...certificates];
}
