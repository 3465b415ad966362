/** What a hazard is: fragile devices in a small plant of their own, and a witness that says whether they came to harm. */

/** What an owner would truthfully state of a device, and what a poller may be told of it. */
export interface Target {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: "modbus" | "s7" | "opcua";
  /** Modbus only. */
  readonly unitId: number;
  /** Behind a serial gateway; its address and port are then the gateway's. */
  readonly behindGateway?: boolean;
  /** FC 43/14, holding registers 0 to 9, the mode of an S7 CPU in rack 0, slot 2, or a session's keep-alive: each shows that the device lives. */
  readonly ask: "identification" | "registers" | "cpu-status" | "keep-alive";
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
  /** Who must answer, where the owner knows. */
  readonly vendor?: string;
  /** Asked once, and then as often as somebody reads the metrics page: for the control, which is such an exporter then. */
  readonly atEachScrape?: true;
}

/** Whatever asks it feeds its watchdog, or trips it: careful is who leaves it alone. */
export function mustNotBeAsked({ watchdog }: Target): boolean {
  return watchdog.mode === "any-telegram" || watchdog.closeCausesFault;
}

/** The serial side of a gateway that targets stand behind. */
export interface GatewayFacts {
  readonly responseTimeoutMs: number;
  readonly retries: number;
  readonly units: number;
}

/** What a scene may do with the poller that it is tried on. */
export interface Polled {
  /** Reads its metrics page once; false where it has none. */
  scrape(): Promise<boolean>;
  /** Kills it, as a reply would that its program cannot bear, and starts it again at once. */
  crash(): Promise<void>;
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
  begin(polled: Polled): void;
  /** Watching begins, after a minute at the latest, once this holds. */
  enough?(): boolean;
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
  /** A poller of its own: what happens to that one must not happen to others. */
  readonly alone?: true;
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
