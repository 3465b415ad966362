/** Mints leave to send and decides, at every single frame, whether it still holds. */
import type { Clock } from "../domain/clock.ts";
import type { Operation } from "../domain/operations.ts";
import type { Refused, Sent } from "../domain/outcome.ts";
import type { Permit, Spending } from "../domain/permit.ts";
import type { Allowance, Check } from "../domain/plan.ts";
import { fitting, hex, type FrameTemplate } from "../domain/template.ts";
import type { MonotonicMs } from "../domain/units.ts";

type Reason = Refused["reason"];

/** What the gate answers and learns while a permit is out. */
export interface PermitOffice {
  readonly clock: Clock;
  /** Why nothing may be sent at this very moment (stop, plan, window, pulse); undefined when it may. */
  objection(check: Check): Reason | undefined;
  /** Something left, now or at that moment: the interval counts from the latest of them. */
  spent(check: Check, at: MonotonicMs): void;
  violated(check: Check, detail: string): void;
}

const granted: Spending = { granted: true };

export class MintedPermit {
  readonly check: Check;
  readonly deadline: MonotonicMs;
  readonly #office: PermitOffice;
  readonly #templates: readonly FrameTemplate[];
  /** In their order: opening, asking, closing. */
  readonly #phases: readonly Allowance[];
  readonly #connectionsMax: number;
  readonly #bytesMax: number;
  #connections = 0;
  #requests = 0;
  #bytes = 0;
  /** The phase of the latest request, and the templates of the requests there were in it. */
  #phase = 0;
  #inPhase: readonly FrameTemplate[] = [];
  #void: string | undefined;
  #takenBack: Reason | undefined;
  #listeners: ((why: string) => void)[] = [];

  private constructor(office: PermitOffice, check: Check, allowances: readonly Allowance[], deadline: MonotonicMs) {
    this.check = check;
    this.deadline = deadline;
    this.#office = office;
    this.#templates = allowances.length === 1 ? allowances[0]!.templates : allowances.flatMap(({ templates }) => templates);
    this.#phases = allowances;
    let [connections, bytes] = [0, 0];
    for (const { connectionsMax, bytesMax } of allowances) {
      connections += connectionsMax;
      bytes += bytesMax;
    }
    this.#connectionsMax = connections;
    this.#bytesMax = bytes;
  }

  /** The only place where a permit comes into being. */
  static mint(office: PermitOffice, check: Check, allowances: readonly Allowance[], deadline: MonotonicMs): MintedPermit & Permit {
    return new MintedPermit(office, check, allowances, deadline) as MintedPermit & Permit;
  }

  get sent(): Sent {
    return { connections: this.#connections, requests: this.#requests, bytes: this.#bytes };
  }

  spendConnection(): Spending {
    const overdue = this.#overdue();
    if (overdue) return overdue;
    if (this.#connections + 1 > this.#connectionsMax) return this.#violation("a connection beyond the allowance");
    this.#connections += 1;
    return this.#spent();
  }

  spendFrame(frame: Uint8Array, operation: Operation | undefined): Spending {
    // What no lawful driver sends is a violation even when it is also too late.
    const foreign = this.#foreign(frame, operation);
    if (foreign) return this.#violation(foreign);
    const overdue = this.#overdue();
    if (overdue) return overdue;
    const place = this.#placeOf(frame);
    if (place === undefined) return this.#violation(`a request beyond the allowance: ${hex(frame)}`);
    if (this.#bytes + frame.length > this.#bytesMax)
      return this.#violation(`${this.#bytes + frame.length} bytes where ${this.#bytesMax} are allowed`);
    this.#inPhase = place.phase === this.#phase ? [...this.#inPhase, place.template] : [place.template];
    this.#phase = place.phase;
    this.#requests += 1;
    this.#bytes += frame.length;
    return this.#spent();
  }

  left(at: MonotonicMs): void {
    this.#office.spent(this.check, at);
  }

  violated(detail: string): void {
    this.#violation(detail);
  }

  onRevoked(listener: (why: string) => void): void {
    if (this.#takenBack) listener(this.#takenBack);
    else this.#listeners.push(listener);
  }

  /** Takes the permit back before its end. */
  revoke(reason: Reason): void {
    if (this.#void !== undefined) return;
    this.#void = reason;
    this.#takenBack = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(reason);
  }

  /** The exchange is over. */
  end(): void {
    this.#void ??= "ended";
    this.#listeners = [];
  }

  /** Why it was taken back, where it was: then the outcome says nothing about the device. */
  get takenBack(): Reason | undefined {
    return this.#takenBack;
  }

  #foreign(frame: Uint8Array, operation: Operation | undefined): string | undefined {
    if (operation === undefined) return `not on the read-only list: ${hex(frame.subarray(0, 32))}`;
    const template = fitting(this.#templates, frame);
    if (!template) return `${operation} off the plan's template: ${hex(frame.subarray(0, 32))}`;
    return template.operation === operation ? undefined : `read as ${operation}, planned as ${template.operation}`;
  }

  /**
   * The phase that this frame is a request of, and its template there: no phase lends what it has left to another, and none comes twice.
   * Of several templates each is good for one frame, so that leave to renew a channel and to ask once is no leave to ask twice.
   */
  #placeOf(frame: Uint8Array): { readonly phase: number; readonly template: FrameTemplate } | undefined {
    for (let phase = this.#phase; phase < this.#phases.length; phase++) {
      const { requestsMax, templates } = this.#phases[phase]!;
      const used = phase === this.#phase ? this.#inPhase : [];
      const left = templates.length > 1 && used.length > 0 ? templates.filter((one) => !used.includes(one)) : templates;
      const template = used.length < requestsMax ? fitting(left, frame) : undefined;
      if (template) return { phase, template };
    }
    return undefined;
  }

  #overdue(): Spending | undefined {
    if (this.#void !== undefined) return { granted: false, because: "overdue", detail: this.#void };
    const objection = this.#office.objection(this.check);
    if (objection) {
      this.revoke(objection);
      return { granted: false, because: "overdue", detail: objection };
    }
    if (this.#office.clock.monotonic() >= this.deadline) return { granted: false, because: "overdue", detail: "the deadline has passed" };
    return undefined;
  }

  #spent(): Spending {
    const { clock } = this.#office;
    this.#office.spent(this.check, clock.monotonic());
    // The packet leaves after this line, some milliseconds after it on a busy machine (5.8 ms measured): counted again once it has left.
    clock.at(clock.monotonic(), () => this.#office.spent(this.check, clock.monotonic()));
    return granted;
  }

  #violation(detail: string): Spending {
    this.#void ??= "violated";
    this.#office.violated(this.check, detail);
    return { granted: false, because: "violation", detail };
  }
}
