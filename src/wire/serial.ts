/** A guarded way over a serial port of our own: one port, one master, one frame at a time, and only into silence. */
import type { Clock } from "../domain/clock.ts";
import type { Permit } from "../domain/permit.ts";
import type { SerialSettings, Target } from "../domain/plan.ts";
import { after, milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import type { Closed, Dial, FramePolicy, OwnedWire } from "../domain/wire.ts";
import { closedBy } from "./errors.ts";
import { Inbound } from "./inbound.ts";
import type { Violation } from "./tcp.ts";
import { type Outlet, UdpWire } from "./udp-wire.ts";

export interface SerialPort {
  /** Hands the bytes to the kernel within this call. @returns how many it took @throws the operating system's errors */
  write(frame: Uint8Array): number;
  /** The bytes that come next; rejects once the port is closed or gone. */
  read(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Rejects where there is no such port, no leave to use it, or somebody else has it. */
export type OpenSerial = (device: string, settings: SerialSettings) => Promise<SerialPort>;

export interface SerialDiallerParts {
  readonly clock: Clock;
  readonly onViolation: (violation: Violation) => void;
  readonly open: OpenSerial;
}

export interface SerialDialler {
  readonly dial: Dial;
  /** Ends every wire and closes every port. */
  close(): Promise<void>;
}

/**
 * The silence that stands before every frame: 3.5 characters, and 1.75 ms above 19,200 bit/s (Modbus over Serial Line V1.02, 2.5.1.1).
 * Worked example: at 9600 bit/s, even parity, 1 stop bit a character has 11 bits and lasts 1.15 ms: 4.01 ms.
 */
export function silenceBefore(settings: SerialSettings): Milliseconds {
  return settings.baudRate > 19_200 ? milliseconds(1.75) : milliseconds(3.5 * characterMs(settings));
}

/** A start bit, 8 data bits, a parity bit if any, stop bits. */
function characterMs({ baudRate, parity, stopBits }: SerialSettings): number {
  return (1000 * (9 + (parity === "none" ? 0 : 1) + stopBits)) / baudRate;
}

/**
 * A port is opened for the first exchange over it and kept: opening may reset an adapter, and what comes late is to be heard and dropped.
 * No permit's connection is spent; nothing is said before the first frame.
 */
export function serialDialler(parts: SerialDiallerParts): SerialDialler {
  const doors = new Map<string, Promise<Door | Closed>>();
  const opened = async ({ address, serial }: Target): Promise<Door | Closed> => {
    const known = await doors.get(address);
    if (known instanceof Door && known.isOpenWith(serial!)) return known;
    if (known instanceof Door) await known.close(unavailable("the port is opened anew, as the plan sets it now"));
    return Door.open(parts, address, serial!);
  };
  return {
    dial: async (permit, policy) => {
      const { target } = permit.check;
      const fault = faultOf(target);
      if (fault !== undefined) {
        permit.violated(fault);
        return { by: "us", failure: "guard_blocked", detail: fault };
      }
      // One after the other: a port cannot be opened twice.
      const door = opened(target);
      doors.set(target.address, door);
      const got = await door;
      return got instanceof Door ? got.begin(parts, permit, policy) : got;
    },
    async close() {
      for (const door of doors.values()) {
        const got = await door;
        if (got instanceof Door) await got.close({ by: "us", failure: "timeout", detail: "the port was closed" });
      }
    },
  };
}

function unavailable(detail: string): Closed {
  return { by: "us", failure: "driver_unavailable", detail };
}

function faultOf({ address, transport, serial }: Target): string | undefined {
  if (transport !== "serial" || serial === undefined) return `a ${transport} target for a serial wire`;
  return /^\/dev(\/[A-Za-z0-9_.:+-]+)+$/u.test(address) ? undefined : `target ${address}: expected a device file below /dev`;
}

/** One port, and the one wire that may go through it. */
class Door implements Outlet {
  readonly #parts: SerialDiallerParts;
  readonly #port: SerialPort;
  readonly #device: string;
  readonly #settings: SerialSettings;
  #wire: UdpWire | undefined;
  #policy: FramePolicy | undefined;
  #inbound: Inbound | undefined;
  /** Until then somebody is speaking, or the silence after it is not over. */
  #silentFrom: MonotonicMs;
  #closed = false;

  private constructor(parts: SerialDiallerParts, port: SerialPort, device: string, settings: SerialSettings) {
    this.#parts = parts;
    this.#port = port;
    this.#device = device;
    this.#settings = settings;
    this.#silentFrom = after(parts.clock.monotonic(), silenceBefore(settings));
  }

  static async open(parts: SerialDiallerParts, device: string, settings: SerialSettings): Promise<Door | Closed> {
    let port: SerialPort;
    try {
      port = await parts.open(device, settings);
    } catch (error) {
      // The bindings and the loading of them fail with plain errors of many kinds: each means that this machine has no such port for us.
      if (!(error instanceof Error)) throw error;
      return unavailable(`${device}: ${error.message}`);
    }
    const door = new Door(parts, port, device, settings);
    void door.#listen();
    // What was said before the port was open, nobody has heard.
    await new Promise<void>((resolve) => parts.clock.at(door.#silentFrom, resolve));
    return door;
  }

  isOpenWith({ baudRate, parity, stopBits }: SerialSettings): boolean {
    const own = this.#settings;
    return !this.#closed && own.baudRate === baudRate && own.parity === parity && own.stopBits === stopBits;
  }

  begin(parts: SerialDiallerParts, permit: Permit, policy: FramePolicy): OwnedWire | Closed {
    if (this.#wire) return unavailable(`another exchange over ${this.#device} is not over`);
    if (this.#closed) return unavailable(`${this.#device} is closed`);
    const wire = new UdpWire({ outlet: this, target: permit.check.target, policy, onViolation: parts.onViolation });
    this.#wire = wire;
    this.#policy = policy;
    wire.lend(permit);
    return wire.verdict ?? wire;
  }

  /** Only into silence: whoever speaks there unasked would be garbled, and is no slave of ours. */
  send(wire: UdpWire, frame: Uint8Array): void {
    const now = this.#parts.clock.monotonic();
    if (now < this.#silentFrom) return wire.fail(unavailable(`${this.#device} is not silent: another master on this bus, or noise`));
    // What came before the request cannot be its answer.
    this.#inbound = new Inbound(this.#policy!);
    try {
      const taken = this.#port.write(frame);
      if (taken !== frame.length) void this.close(unavailable(`${this.#device} took ${taken} of ${frame.length} bytes`));
    } catch (error) {
      const closed = error instanceof Error ? closedBy(error) : undefined;
      if (!closed) throw error;
      void this.close(closed);
    }
    this.#spoken(frame.length);
  }

  leave(wire: UdpWire): void {
    if (this.#wire === wire) this.#wire = undefined;
  }

  async close(why: Closed): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wire?.fail(why);
    await this.#port.close();
  }

  async #listen(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#receive(await this.#port.read());
      } catch (error) {
        // A cable that was pulled, or our own end. A bug in what is done with the bytes has no business here.
        if (!(error instanceof Error) || error instanceof TypeError) throw error;
        if (!this.#closed) await this.close(unavailable(`${this.#device}: ${error.message}`));
      }
    }
  }

  #receive(bytes: Uint8Array): void {
    this.#spoken(0);
    const wire = this.#wire;
    if (!wire || wire.quiet || !this.#inbound) return;
    const taken = this.#inbound.take(bytes);
    if (taken.is === "malformed") return wire.abort("malformed", taken.detail);
    if (taken.is !== "frame") return;
    // Another unit's answer that came late: dropped, and the wait goes on.
    this.#inbound = new Inbound(this.#policy!);
    wire.take(taken.frame);
  }

  /** `bytes` have been given to the port just now and are still to be sent. */
  #spoken(bytes: number): void {
    const sending = milliseconds(bytes * characterMs(this.#settings));
    this.#silentFrom = after(after(this.#parts.clock.monotonic(), sending), silenceBefore(this.#settings));
  }
}
