/** What a simulated OPC UA server has been sent, counted. */
import { type CommonCounts, increment, Tally } from "../tally.ts";
import type { ServiceName } from "./services.ts";

interface OwnCounts {
  /** HEL, OPN for a new channel, OPN for the renewal of one, and CLO. */
  readonly hellos: number;
  readonly channels: number;
  readonly renewals: number;
  readonly channelCloses: number;
  /** Sessions given, there now, most there at once, closed by CloseSession, and dropped because nobody asked for their timeout. */
  readonly sessions: number;
  readonly openSessions: number;
  readonly mostSessionsAtOnce: number;
  readonly sessionsClosed: number;
  readonly sessionsTimedOut: number;
  /** What the latest session was given, ms. */
  readonly sessionTimeoutMs: number;
  readonly requestsByService: ReadonlyMap<ServiceName, number>;
  /** The endpoint URL of the latest HEL. */
  readonly endpointUrl: string;
}

/** Requests: whole chunks, whatever their type. Writes: requests for Write, Call, Browse and every other service that no heartbeat needs. */
export type OpcuaCounts = CommonCounts & OwnCounts;

export type CountsCondition = (counts: OpcuaCounts) => boolean;

export class OpcuaTally extends Tally<OwnCounts> {
  readonly #byService: Map<ServiceName, number>;

  constructor() {
    const byService = new Map<ServiceName, number>();
    super({
      hellos: 0,
      channels: 0,
      renewals: 0,
      channelCloses: 0,
      sessions: 0,
      openSessions: 0,
      mostSessionsAtOnce: 0,
      sessionsClosed: 0,
      sessionsTimedOut: 0,
      sessionTimeoutMs: 0,
      requestsByService: byService,
      endpointUrl: "",
    });
    this.#byService = byService;
  }

  sessionsOpen(now: number): void {
    this.mutable.mostSessionsAtOnce = Math.max(this.mutable.mostSessionsAtOnce, now);
    this.set("openSessions", now);
  }

  hello(endpointUrl: string): void {
    this.mutable.endpointUrl = endpointUrl;
    this.add("hellos");
  }

  service(service: ServiceName): void {
    increment(this.#byService, service);
    this.counted();
  }
}
