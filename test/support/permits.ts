/** A permit that counts and compares as the real one does, and that a test can revoke, let run out or make refuse. */
import type { Clock } from "../../src/domain/clock.ts";
import type { Operation } from "../../src/domain/operations.ts";
import type { Sent } from "../../src/domain/outcome.ts";
import type { Permit, Spending } from "../../src/domain/permit.ts";
import type { Allowance, Check } from "../../src/domain/plan.ts";
import { fitting, type FrameTemplate } from "../../src/domain/template.ts";
import { after, type MonotonicMs } from "../../src/domain/units.ts";

export interface TestPermitOptions {
  readonly deadline?: MonotonicMs;
  /** For a kept connection: nothing may be opened. */
  readonly connectionsMax?: 0 | 1;
}

export class TestPermit {
  readonly check: Check;
  readonly deadline: MonotonicMs;
  readonly violations: string[] = [];
  /** Every frame that was put before it, granted or not. */
  readonly seen: (Operation | undefined)[] = [];
  readonly #clock: Clock;
  readonly #connectionsMax: number;
  readonly #phases: readonly Allowance[];
  #phase = 0;
  #inPhase: readonly FrameTemplate[] = [];
  #sent: Sent = { connections: 0, requests: 0, bytes: 0 };
  #void: string | undefined;
  #revoked: string | undefined;
  readonly #listeners: ((why: string) => void)[] = [];

  private constructor(check: Check, clock: Clock, options: TestPermitOptions) {
    this.check = check;
    this.#clock = clock;
    this.deadline = options.deadline ?? after(clock.monotonic(), check.answerWithin);
    this.#connectionsMax = options.connectionsMax ?? 1;
    this.#phases = [check.opening, check.asking, check.closing];
  }

  static for(check: Check, clock: Clock, options: TestPermitOptions = {}): TestPermit & Permit {
    return new TestPermit(check, clock, options) as TestPermit & Permit;
  }

  get sent(): Sent {
    return this.#sent;
  }

  spendConnection(): Spending {
    return this.#overdue() ?? this.#charge(this.#sent.connections < this.#connectionsMax, { connections: 1, requests: 0, bytes: 0 });
  }

  spendFrame(frame: Uint8Array, operation: Operation | undefined): Spending {
    this.seen.push(operation);
    const templates = this.#phases.flatMap((allowance) => allowance.templates);
    if (operation === undefined || fitting(templates, frame)?.operation !== operation) return this.#violation("off the template");
    return this.#overdue() ?? this.#charge(this.#countedIn(frame), { connections: 0, requests: 1, bytes: frame.length });
  }

  /** False where no phase, from the present one on, has a request like this left. */
  #countedIn(frame: Uint8Array): boolean {
    for (let phase = this.#phase; phase < this.#phases.length; phase++) {
      const { requestsMax, templates } = this.#phases[phase]!;
      const used = phase === this.#phase ? this.#inPhase : [];
      const left = templates.length > 1 ? templates.filter((template) => !used.includes(template)) : templates;
      const template = used.length < requestsMax ? fitting(left, frame) : undefined;
      if (!template) continue;
      this.#inPhase = [...used, template];
      this.#phase = phase;
      return true;
    }
    return false;
  }

  /** When something left later than it was charged. */
  readonly leftAt: MonotonicMs[] = [];

  left(at: MonotonicMs): void {
    this.leftAt.push(at);
  }

  violated(detail: string): void {
    this.#violation(detail);
  }

  onRevoked(listener: (why: string) => void): void {
    if (this.#revoked !== undefined) listener(this.#revoked);
    else this.#listeners.push(listener);
  }

  revoke(why: string): void {
    this.#void = why;
    this.#revoked = why;
    for (const listener of this.#listeners.splice(0)) listener(why);
  }

  /** Void without anyone being told: what a stop looks like that comes between two ticks. */
  expire(why: string): void {
    this.#void = why;
  }

  #overdue(): Spending | undefined {
    if (this.#void !== undefined) return { granted: false, because: "overdue", detail: this.#void };
    if (this.#clock.monotonic() < this.deadline) return undefined;
    return { granted: false, because: "overdue", detail: "the deadline has passed" };
  }

  #charge(affordable: boolean, price: Sent): Spending {
    if (!affordable) return this.#violation("beyond the allowance");
    const { connections, requests, bytes } = this.#sent;
    this.#sent = { connections: connections + price.connections, requests: requests + price.requests, bytes: bytes + price.bytes };
    return { granted: true };
  }

  #violation(detail: string): Spending {
    this.#void ??= "violated";
    this.violations.push(detail);
    return { granted: false, because: "violation", detail };
  }
}
