/** Keeps the web configuration as its file has it: read again when a file changes, and a broken one leaves the last good one in force. */
import { statSync } from "node:fs";
import { basename } from "node:path";
import { formatProblem } from "../config/problem.ts";
import type { loadWebConfig, LoadedWebConfig } from "../config/web-config.ts";
import type { AuditEntry } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import { after, seconds, type Milliseconds, type MonotonicMs, type WallMs } from "../domain/units.ts";
import { askedNoMore, openWeb, type WebConfig } from "../domain/web.ts";
import type { EventLog } from "../exporters/event-log.ts";
import type { WebHealth } from "../exporters/site-definitions.ts";
import { webRefusals, type WebAccess, type WebRefusal } from "../exporters/web-access.ts";
import type { BoardRecorder } from "../store/recorder.ts";
import type { Bcrypt } from "./bcrypt-thread.ts";

/** The file of the settings' `web.configFile`, and what reads it: loaded at the start of a run, and only where there is one. */
export interface WebFile {
  /** Absolute. */
  readonly location: string;
  readonly load: typeof loadWebConfig;
}

export interface WebKeeperParts {
  readonly clock: Clock;
  /** null: nobody is asked for anything. */
  readonly file: WebFile | null;
  readonly hosts: readonly string[];
  readonly log: Pick<EventLog, "write">;
  readonly recorder: Pick<BoardRecorder, "repeated">;
  readonly bcrypt: Pick<Bcrypt, "compare">;
}

const lookedAtEvery: Milliseconds = seconds(1);
/** Of each kind of refusal one line at most so often, with how many there were. */
const refusalsSaidEvery: Milliseconds = seconds(60);
const whys = Object.keys(webRefusals) as WebRefusal[];
/** Whoever tries to get in is a matter for the audit. */
const audited: ReadonlySet<WebRefusal> = new Set<WebRefusal>(["password", "guesses", "certificate"]);

export class WebKeeper implements WebAccess, WebHealth {
  readonly hosts: readonly string[];
  readonly #parts: WebKeeperParts;
  readonly #changes: { readonly unfit: (config: WebConfig) => string | undefined; readonly act: (config: WebConfig) => void }[] = [];
  readonly #refused = new Map<WebRefusal, { count: number; said: number; at: MonotonicMs | undefined }>();
  #config: WebConfig = openWeb;
  #files: readonly string[] = [];
  #signature = "";
  #lookedAt: MonotonicMs | undefined;
  #lastSuccess: WallMs | undefined;
  /** Found broken once: a certificate and its key are renewed one after the other. */
  #doubted = false;
  /** The signature of a file that asks less than the one in force: half saved it looks so, and counts when it is seen unchanged. */
  #lesser: string | undefined;
  #broken = false;

  constructor(parts: WebKeeperParts) {
    this.#parts = parts;
    this.hosts = parts.hosts;
  }

  /** The first reading: whole lines where it cannot be gone by, and then nothing may be served. */
  open(): readonly string[] {
    const loaded = this.#read();
    if (!loaded.ok) return loaded.problems.map(formatProblem);
    this.#config = loaded.value;
    return [];
  }

  get config(): WebConfig {
    return this.#config;
  }

  get successful(): boolean {
    return !this.#broken;
  }

  get lastSuccess(): WallMs | undefined {
    return this.#lastSuccess;
  }

  get certificateEnds(): WallMs | undefined {
    return this.#config.tls?.notAfter;
  }

  get refusals(): WebHealth["refusals"] {
    return whys.map((why): [WebRefusal, number] => [why, this.#refused.get(why)?.count ?? 0]);
  }

  onChange(unfit: (config: WebConfig) => string | undefined, act: (config: WebConfig) => void): void {
    this.#changes.push({ unfit, act });
  }

  compare(password: string, hash: string): Promise<boolean> {
    return this.#parts.bcrypt.compare(password, hash);
  }

  look(): void {
    const now = this.#parts.clock.monotonic();
    if (this.#parts.file === null || (this.#lookedAt !== undefined && now < after(this.#lookedAt, lookedAtEvery))) return;
    this.#lookedAt = now;
    if (signatureOf(this.#files) === this.#signature && !this.#doubted && this.#lesser === undefined) return;
    const loaded = this.#read();
    const problems = loaded.ok ? this.#unfit(loaded.value) : loaded.problems.map(formatProblem);
    if (loaded.ok && problems.length === 0) this.#fits(loaded.value);
    else if (this.#doubted) this.#kept(problems);
    else this.#doubted = true;
  }

  refused(why: WebRefusal, detail: string): void {
    const { clock, log, recorder } = this.#parts;
    const entry = this.#refused.get(why) ?? { count: 0, said: 0, at: undefined };
    this.#refused.set(why, entry);
    entry.count += 1;
    if (audited.has(why)) recorder.repeated(`web ${why}`, { ...audit("failure"), category: "command", type: `web_${why}`, detail });
    const now = clock.monotonic();
    if (entry.at !== undefined && now < after(entry.at, refusalsSaidEvery)) return;
    const others = entry.count - entry.said - 1;
    log.write("warn", "web_refused", `${detail}${others > 0 ? `, and ${others} more since the last such line` : ""}`, { reason: why });
    entry.at = now;
    entry.said = entry.count;
  }

  #unfit(config: WebConfig): readonly string[] {
    return this.#changes.flatMap(({ unfit }) => unfit(config) ?? []).map((sentence) => `${this.#name()}: ${sentence}`);
  }

  #fits(config: WebConfig): void {
    const less = askedNoMore(this.#config, config);
    const seenSo = this.#lesser === this.#signature;
    this.#lesser = less.length > 0 && !seenSo ? this.#signature : undefined;
    if (this.#lesser === undefined) this.#taken(config, less);
  }

  #taken(config: WebConfig, less: readonly string[]): void {
    this.#config = config;
    for (const { act } of this.#changes) act(config);
    this.#doubted = false;
    this.#broken = false;
    const detail = `${this.#name()}: taken over${less.length > 0 ? `; it no longer asks for or sends ${less.join(", ")}` : ""}`;
    this.#parts.log.write(less.length > 0 ? "warn" : "info", "web_config_read", detail);
    this.#parts.recorder.repeated("web config read", { ...audit("success"), category: "configuration", type: "web_config", detail });
  }

  #kept(problems: readonly string[]): void {
    this.#doubted = false;
    this.#lesser = undefined;
    this.#broken = true;
    const { log, recorder } = this.#parts;
    for (const problem of problems)
      log.write("error", "web_config_broken", `not taken over, what was read before stays in force: ${problem}`);
    recorder.repeated("web config broken", {
      ...audit("failure"),
      category: "configuration",
      type: "web_config",
      detail: problems[0] ?? "",
    });
  }

  #read(): LoadedWebConfig {
    const { clock, file } = this.#parts;
    if (file === null) return { ok: true, value: openWeb, files: [] };
    // Before it is read: what changes meanwhile is seen at the next look.
    const before = signatureOf([file.location]);
    const loaded = file.load(this.#name(), file.location);
    this.#files = loaded.files;
    this.#signature = [before, signatureOf(loaded.files.slice(1))].filter((part) => part !== "").join("\n");
    if (loaded.ok) this.#lastSuccess = clock.wall();
    return loaded;
  }

  #name(): string {
    return basename(this.#parts.file?.location ?? "");
  }
}

function audit(result: AuditEntry["result"]): Pick<AuditEntry, "source" | "result"> {
  return { source: "web", result };
}

/** What changes when a file does, or is replaced, or goes. */
function signatureOf(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        const { ino, mtimeMs, ctimeMs, size } = statSync(file);
        return `${ino} ${mtimeMs} ${ctimeMs} ${size}`;
      } catch (error) {
        if (!(error instanceof Error && "syscall" in error && "code" in error)) throw error;
        return String(error.code);
      }
    })
    .join("\n");
}
