/** What a hazard is: fragile devices in a small plant of their own, and a witness that says whether they came to harm. */

/** What an owner would truthfully state of a device, and what a poller may be told of it. */
export interface Target {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: "modbus";
  readonly unitId: number;
  /** Behind a serial gateway; its address and port are then the gateway's. */
  readonly behindGateway?: boolean;
  /** `identification`: FC 43/14; `registers`: holding registers 0 to 9. Either shows that the device lives. */
  readonly ask: "identification" | "registers";
  /** How often somebody who is careful asks. */
  readonly intervalMs: number;
  readonly answerWithinMs: number;
  /** Connections that other clients of the plant hold. */
  readonly otherClients: number;
  readonly connectionPool?: { readonly size: number; readonly overflow: "rejects" | "evicts-oldest" | "evicts-idle" };
  readonly watchdog: {
    readonly mode: "none" | "any-telegram" | "function-code-mask";
    readonly functionCodes?: readonly number[];
    readonly closeCausesFault: boolean;
  };
  /** Where the family is known. */
  readonly family?: "schneider-m221";
}

/** The serial side of a gateway that targets stand behind. */
export interface GatewayFacts {
  readonly responseTimeoutMs: number;
  readonly retries: number;
  readonly units: number;
}

export interface Verdict {
  readonly harmed: boolean;
  /** What was seen, in one line with figures. */
  readonly seen: string;
}

export interface Scene {
  readonly targets: readonly Target[];
  readonly gateway?: GatewayFacts;
  /** Connections that the poller has opened so far. */
  connections(): number;
  /** The poller has asked: the plant's own life begins. */
  begin(): void;
  /** When nothing more is to come; before `close`. */
  verdict(): Verdict;
  close(): Promise<void>;
}

export interface Hazard {
  readonly id: string;
  /** Rows of docs/hazards.md. */
  readonly rows: readonly string[];
  readonly title: string;
  /** How long it is watched after `begin`. */
  readonly watchMs: number;
  /** @param prefix three numbers of loopback addresses of its own, with the dot: `127.2.7.` */
  start(prefix: string): Promise<Scene>;
}

export const modbusPort = 10_502;

/** A device that somebody careful may ask: no watchdog, nobody else on it. */
export function plainTarget(address: string, more: Partial<Target> = {}): Target {
  return {
    id: "device",
    address,
    port: modbusPort,
    protocol: "modbus",
    unitId: 1,
    ask: "identification",
    intervalMs: 1000,
    answerWithinMs: 500,
    otherClients: 0,
    watchdog: { mode: "none", closeCausesFault: false },
    ...more,
  };
}

/** `1 time`, `3 times`. */
export function times(count: number): string {
  return `${count} ${count === 1 ? "time" : "times"}`;
}
