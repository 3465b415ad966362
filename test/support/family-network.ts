/** A network without packets between the real gate and devices of families: every frame asks the permit as on a real wire, and is answered by its protocol's rules. */
import type { Clock } from "../../src/domain/clock.ts";
import type { Operation } from "../../src/domain/operations.ts";
import type { Permit } from "../../src/domain/permit.ts";
import type { Check, Target } from "../../src/domain/plan.ts";
import type { FailureKind } from "../../src/domain/reasons.ts";
import { after, milliseconds } from "../../src/domain/units.ts";
import type { Closed, Dial, FramePolicy, OwnedWire } from "../../src/domain/wire.ts";
import { familyReply } from "./family-answers.ts";
import { ours, type FamilyDevice, type Holder } from "./family-device.ts";

/** One frame or connection of ours. */
export interface Emission {
  readonly atMs: number;
  readonly check: Check;
  /** Undefined: the connection itself. */
  readonly operation: Operation | undefined;
  readonly frame: Uint8Array;
}

export interface FamilyNetwork {
  readonly dial: Dial;
  readonly emitted: readonly Emission[];
  /** Frames that were off their template, without a permit, or not on the read-only list. */
  readonly violations: readonly string[];
}

const answersAfterMs = 5;
const service = ["service laptop", "second service laptop"] as const;

/** @param devices by address */
export function familyNetwork(clock: Clock, devices: ReadonlyMap<string, FamilyDevice>): FamilyNetwork {
  const emitted: Emission[] = [];
  const violations: string[] = [];
  const deviceAt = (address: string): FamilyDevice => {
    const device = devices.get(address);
    // Nobody but a device of the plan is ever dialled.
    if (!device) throw new Error(`no device at ${address}`);
    return device;
  };
  const dial: Dial = async (permit, policy) => {
    const { check } = permit;
    const device = deviceAt(check.target.address);
    let holder: Holder | undefined;
    if (check.target.transport === "tcp") {
      const spending = permit.spendConnection();
      if (!spending.granted) return { by: "us", failure: "guard_blocked", detail: spending.detail };
      emitted.push({ atMs: clock.monotonic(), check, operation: undefined, frame: new Uint8Array() });
      if (device.unplugged) {
        await new Promise<void>((resolve) => clock.at(after(clock.monotonic(), check.connectWithin), resolve));
        return { by: "us", failure: "timeout", detail: "no connection in time" };
      }
      holder = device.connect(ours);
      if (!holder) return { by: "peer", failure: "refused", detail: "ECONNREFUSED" };
    }
    return new FamilyWire({ clock, device, emitted, violations, policy, target: check.target }, permit, holder);
  };
  return { dial, emitted, violations };
}

interface WireParts {
  readonly clock: Clock;
  readonly device: FamilyDevice;
  readonly emitted: Emission[];
  readonly violations: string[];
  readonly policy: FramePolicy;
  readonly target: Target;
}

class FamilyWire implements OwnedWire {
  readonly target: Target;
  readonly closed: Promise<Closed>;
  readonly #parts: WireParts;
  readonly #settle: (closed: Closed) => void;
  readonly #listeners: ((frame: Uint8Array) => void)[] = [];
  readonly #holder: Holder | undefined;
  /** People who come to the device just while we are there: the reserve is theirs. */
  readonly #visitors: readonly (Holder | undefined)[];
  #permit: Permit | undefined;
  #outstanding = false;
  #open = true;

  constructor(parts: WireParts, permit: Permit, holder: Holder | undefined) {
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#settle = resolve;
    this.#parts = parts;
    this.target = parts.target;
    this.#holder = holder;
    this.#visitors = holder ? service.map((who) => parts.device.connect(who)) : [];
    this.lend(permit);
  }

  get quiet(): boolean {
    return this.#open && !this.#outstanding;
  }

  lend(permit: Permit): void {
    if (this.#permit === permit) return;
    this.#permit = permit;
    permit.onRevoked((why) => {
      if (this.#permit === permit) this.abort("timeout", why);
    });
  }

  reclaim(): void {
    this.#permit = undefined;
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  send(frame: Uint8Array): void {
    if (!this.#open) return;
    const copy = Uint8Array.from(frame);
    const { clock, device, emitted, policy } = this.#parts;
    const operation = policy.operation(copy);
    const permit = this.#permit;
    if (!permit || operation === undefined || policy.frameLength(copy, "out") !== copy.length)
      return this.#violated(`not to be sent: ${Buffer.from(copy).toString("hex")}`);
    const spending = permit.spendFrame(copy, operation);
    if (!spending.granted) {
      if (spending.because === "violation") return this.#violated(spending.detail);
      return this.abort("timeout", spending.detail);
    }
    emitted.push({ atMs: clock.monotonic(), check: permit.check, operation, frame: copy });
    if (!policy.unanswered.has(operation)) this.#outstanding = true;
    if (device.unplugged) return;
    device.hear(this.#holder, permit.check.protocol === "modbus" ? copy[7] : undefined);
    const reply = familyReply(permit.check, device.traits, copy);
    if (reply !== undefined) this.#later(() => this.#answer(copy, reply));
  }

  finish(): void {
    this.#end({ by: "us", detail: "finished" });
  }

  abort(failure: FailureKind, detail: string): void {
    this.#end({ by: "us", failure, detail, ...(failure === "timeout" && { acknowledged: !this.#parts.device.unplugged }) });
  }

  #answer(request: Uint8Array, reply: Uint8Array): void {
    const { policy } = this.#parts;
    if (policy.frameLength(reply, "in") !== reply.length || !policy.answers(request, reply))
      throw new Error(`the simulated device broke the protocol: ${Buffer.from(reply).toString("hex")}`);
    this.#outstanding = false;
    for (const listener of this.#listeners) listener(reply);
  }

  /** What happens on the way back while the device is out of reach is lost. */
  #later(run: () => void): void {
    const { clock, device } = this.#parts;
    clock.at(after(clock.monotonic(), milliseconds(answersAfterMs)), () => {
      if (this.#open && !device.unplugged) run();
    });
  }

  #violated(detail: string): void {
    this.#parts.violations.push(detail);
    this.#permit?.violated(detail);
    this.abort("guard_blocked", detail);
  }

  #end(closed: Closed): void {
    if (!this.#open) return;
    this.#open = false;
    const { device } = this.#parts;
    for (const visitor of this.#visitors) if (visitor) device.leave(visitor);
    // A FIN or RST that does not arrive leaves the device with a connection that it counts until it closes it itself.
    if (this.#holder && !device.unplugged) device.leave(this.#holder);
    this.#settle(closed);
  }
}
