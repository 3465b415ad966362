/** Asks one device everything that a deep query may, one question after the other, until one fails or the run ends. */
import type { Clock } from "../domain/clock.ts";
import type { Beat, DeepDevice, DeepQuestion } from "../domain/deep-query.ts";
import { deepReadName, deepReads, goesOnWords } from "../domain/deep-reads.ts";
import { formatDuration } from "../domain/duration.ts";
import type { Gate } from "../domain/gate.ts";
import { deepQueryPartsMax, deepQueryPatience } from "../domain/limits.ts";
import type { Answer, Outcome } from "../domain/outcome.ts";
import type { Check, CheckId, DeviceId, Plan, PlannedDevice } from "../domain/plan.ts";
import { passingReasons, standingReasons, type PassingReason } from "../domain/reasons.ts";
import { after, between, later, milliseconds, seconds, wallMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { nextBeat, nextBeatWithin } from "./next-beat.ts";

export interface DeepDeviceParts {
  readonly clock: Clock;
  readonly gate: Pick<Gate, "exchange">;
  readonly plan: () => Plan;
  /** The latest answered heartbeat; undefined when there is none, or the latest was not answered. */
  readonly beat: (device: DeviceId) => Beat | undefined;
  readonly tell: (text: string) => void;
  /** Of the device, as they were when the run began: what a reload takes out is missed, and what it brings is not asked. */
  readonly begunWith: readonly Check[];
  /** Whether the check is what it was when the run began. */
  readonly asks: (check: Check) => boolean;
  /** Why the whole run has ended; undefined while it goes on. */
  readonly ended: () => string | undefined;
  /** Until then, or until the run ends. */
  readonly sleep: (until: MonotonicMs) => Promise<void>;
  readonly end: (why: string) => void;
}

/** Not of this device alone: with them the run ends. */
const endsRun: ReadonlySet<string> = new Set<PassingReason>([
  "stopped",
  "draining",
  "not_leader",
  "audit_unwritable",
  "no_window",
  "window_scope",
  "run_over",
  "window_ending",
]);
/** The gate is not asked about the same question more often. */
const askAgainAfter: Milliseconds = milliseconds(200);
const waitWorthTelling: Milliseconds = seconds(5);
/** Whoever watches is told that it goes on. */
const silentAtMost: Milliseconds = seconds(30);
/** Pass by themselves, and nobody can say when. */
const lookAgainAfter: Milliseconds = seconds(1);
const passes: ReadonlySet<string> = new Set<PassingReason>(["clock_suspect"]);

const reasonWords: Readonly<Record<Reason, string>> = { ...passingReasons, approval_expired: standingReasons.approval_expired };
type Reason = Extract<DeepQuestion["came"], { readonly kind: "refused" }>["reason"];

export function notAsked(device: DeviceId, why: string): DeepDevice {
  return { device, ended: "not_asked", why, tookBefore: undefined, tookAfter: undefined, questions: [] };
}

export class DeepQueryOfDevice {
  readonly #parts: DeepDeviceParts;
  readonly #device: PlannedDevice;
  readonly #questions: DeepQuestion[] = [];
  #why: string | undefined;

  constructor(parts: DeepDeviceParts, device: PlannedDevice) {
    this.#parts = parts;
    this.#device = device;
  }

  async run(): Promise<DeepDevice> {
    const { beat, begunWith } = this.#parts;
    const { id } = this.#device;
    const [first] = begunWith;
    const over = this.#parts.ended() ?? (first && this.#changed(first.id));
    if (over !== undefined) return notAsked(id, over);
    const before = beat(id);
    if (before === undefined)
      return notAsked(id, "its latest heartbeat was not answered: what a deep query found would not be its ordinary state");
    for (const check of begunWith) if (this.#why === undefined) await this.#read(check);
    const sent = this.#questions.some(({ sent: { connections, requests } }) => connections + requests > 0);
    const latest = sent ? await this.#beatAfter() : undefined;
    const ended = this.#why === undefined ? "complete" : sent ? "partly" : "not_asked";
    return { device: id, ended, why: this.#why, tookBefore: before.took, tookAfter: latest?.took, questions: this.#questions };
  }

  /** With all parts of a divided answer. */
  async #read(check: Check): Promise<void> {
    let from: number | undefined;
    const { partsMax = deepQueryPartsMax } = deepReads[check.deep!.read];
    for (let part = 1; part <= partsMax; part++) {
      const outcome = await this.#asked(check, from);
      if (outcome === undefined) return;
      const question = this.#noted(check, from, outcome);
      const { came } = question;
      if (came.kind !== "answered") return this.#ends(question);
      const { next } = came;
      // Never back: a device that would go on with what lies behind turns in a circle.
      if (next === undefined || (from !== undefined && next <= from)) return;
      from = next;
    }
    this.#parts.tell(`${check.id}: says that still more follows after ${partsMax} parts; the rest is left`);
  }

  /** Waits for the gate as long as it says when to ask again. Undefined: the run has ended, or nothing could be asked. */
  async #asked(check: Check, from: number | undefined): Promise<Outcome | undefined> {
    const { clock, ended, gate, sleep } = this.#parts;
    const patience = after(clock.monotonic(), deepQueryPatience);
    const since = clock.monotonic();
    let [told, silentFrom]: [string | undefined, MonotonicMs] = [undefined, since];
    for (;;) {
      const over = ended() ?? this.#changed(check.id);
      if (over !== undefined) return this.#left(over);
      const outcome = await gate.exchange(check.id, "deep-query", from);
      if (outcome === undefined) return this.#left(`${check.id}: the plan was changed meanwhile and asks this no more`);
      const now = clock.monotonic();
      const retryAt = again(outcome, now);
      if (retryAt === undefined) return outcome;
      const words = wordsOf(cameOf(outcome));
      if (retryAt > patience) return this.#left(`the gate did not let it go within ${formatDuration(deepQueryPatience)} (${words})`);
      const wait = between(now, retryAt);
      if (told !== words && wait >= waitWorthTelling) {
        this.#parts.tell(`${this.#device.id}: waits ${wholeSeconds(wait)} (${words})`);
        [told, silentFrom] = [words, retryAt];
      } else if (between(silentFrom, now) >= silentAtMost) {
        this.#parts.tell(`${this.#device.id}: has waited ${wholeSeconds(between(since, now))} and goes on waiting (${words})`);
        silentFrom = now;
      }
      await sleep(retryAt);
    }
  }

  /**
   * A reload has taken the question out, because somebody excluded or suspended the device, or agrees to it no more: its device ends, and
   * others go on. One that has given the name to other bytes or another place ends the run: nobody has agreed to ask that.
   */
  #changed(id: CheckId): string | undefined {
    const { asks, end, plan } = this.#parts;
    const planned = plan().deep.get(id);
    if (planned === undefined) return `${id}: the plan was changed meanwhile and asks this no more`;
    if (asks(planned)) return undefined;
    const why = `${id}: the plan was changed meanwhile, and it no longer asks the same of the same place; look at what was changed, then begin anew`;
    end(why);
    return why;
  }

  #left(why: string): undefined {
    this.#why = why;
    return undefined;
  }

  #ends({ check, came }: DeepQuestion): void {
    this.#why = `${check}: ${wordsOf(came)}`;
    if (came.kind === "refused" && endsRun.has(came.reason)) this.#parts.end(wordsOf(came));
  }

  #noted({ id, deep }: Check, from: number | undefined, outcome: Outcome): DeepQuestion {
    const { clock } = this.#parts;
    const at = wallMs(clock.wall() - (clock.monotonic() - outcome.at));
    const came = cameOf(outcome);
    const question: DeepQuestion = { check: id, ...deep!, ...(from !== undefined && { from }), at, came, sent: outcome.sent };
    this.#questions.push(question);
    const part = from === undefined ? "" : ` ${goesOnWords(question.read, from)}`;
    this.#parts.tell(`${this.#device.id}: ${deepReadName(question)}${part}: ${wordsOf(came)}`);
    return question;
  }

  #beatAfter(): Promise<Beat | undefined> {
    const within = formatDuration(nextBeatWithin(this.#parts, this.#device));
    this.#parts.tell(`${this.#device.id}: nothing more is asked; waits for its next heartbeat, ${within} at most`);
    return nextBeat(this.#parts, this.#device, this.#parts.clock.wall());
  }
}

function wholeSeconds(span: Milliseconds): string {
  return formatDuration(milliseconds(Math.ceil(span / 1000) * 1000));
}

/** When to ask again; undefined for what is an outcome. Whatever sent anything is one. */
function again(outcome: Outcome, now: MonotonicMs): MonotonicMs | undefined {
  if (outcome.kind !== "refused" || outcome.sent.connections + outcome.sent.requests > 0 || endsRun.has(outcome.reason)) return undefined;
  if (outcome.retryAt !== undefined) return later(outcome.retryAt, after(now, askAgainAfter));
  return passes.has(outcome.reason) ? after(now, lookAgainAfter) : undefined;
}

function cameOf(outcome: Outcome): DeepQuestion["came"] {
  switch (outcome.kind) {
    case "answered":
      return answerCame(outcome.answer, outcome.took);
    case "failed":
      return { kind: "failed", failure: outcome.failure, detail: outcome.detail };
    case "refused":
      return { kind: "refused", reason: outcome.reason };
  }
}

function answerCame(answer: Answer, took: Milliseconds): DeepQuestion["came"] {
  switch (answer.said) {
    case "alive":
      return { kind: "answered", took, note: answer.note, facts: answer.facts ?? [], identity: answer.identity, next: answer.next };
    case "degraded":
      return { kind: "answered", took, note: answer.detail, facts: answer.facts ?? [], identity: answer.identity, next: answer.next };
    case "gateway_only":
      return { kind: "failed", failure: "gateway_target_silent", detail: answer.detail };
  }
}

function wordsOf(came: DeepQuestion["came"]): string {
  switch (came.kind) {
    case "answered": {
      const { took, facts, note } = came;
      return `answered in ${Math.round(took)} ms, ${facts.length === 1 ? "1 fact" : `${facts.length} facts`}${note === undefined ? "" : ` (${note})`}`;
    }
    case "failed":
      return `${came.failure}: ${came.detail}`;
    case "refused":
      return `${came.reason}: ${reasonWords[came.reason]}`;
  }
}
