/** The shape of `limits:` in a profile: what each protocol of a family bears, as far as a document says so. */
import { z } from "zod";
import type { Milliseconds } from "../../domain/units.ts";
import { duration, whole } from "./common.ts";
import { fact, type Fact } from "./facts.ts";
import { overflows, type Overflow } from "./statements.ts";

/** What a server of one protocol does with connections. Each figure can only tighten `connection`. */
export interface ServerLimits {
  readonly maxConnections?: Fact<number>;
  readonly overflow?: Fact<Overflow>;
  /** After which silence the device closes a connection. */
  readonly idleTimeout?: Fact<Milliseconds>;
  /** How many requests it serves in one control cycle. */
  readonly requestsPerScan?: Fact<number>;
}

export interface ModbusLimits extends ServerLimits {
  /** Binding: a liveness register that is longer is a mistake. */
  readonly maxRegistersPerRead?: Fact<number>;
}

export interface OpcuaLimits extends ServerLimits {
  readonly maxSessions?: Fact<number>;
  readonly minPublishing?: Fact<Milliseconds>;
  /** Binding: a deep query asks for no more nodes in one Read. */
  readonly maxNodesPerRead?: Fact<number>;
}

export interface ProfileLimits {
  readonly modbusTcp?: ModbusLimits;
  readonly enip?: ServerLimits;
  readonly s7?: ServerLimits;
  readonly opcua?: OpcuaLimits;
}

/** In the order in which they stand in a file. */
export const limitClasses = ["modbusTcp", "enip", "s7", "opcua"] as const;

const most = 10_000;
const server = {
  maxConnections: fact(whole(1, most, "How many."), "How many connections it accepts.").exactOptional(),
  overflow: fact(
    z.enum(overflows, { error: `one of ${overflows.join(", ")}` }),
    "What it does with one connection too many.",
  ).exactOptional(),
  idleTimeout: fact(duration("How long."), "After which silence it closes a connection.").exactOptional(),
  requestsPerScan: fact(whole(1, most, "How many."), "How many requests it serves in one control cycle.").exactOptional(),
};

export const profileLimits: z.ZodType<ProfileLimits> = z
  .strictObject({
    modbusTcp: z
      .strictObject({
        ...server,
        maxRegistersPerRead: fact(
          whole(1, 125, "How many."),
          "How many registers one request may read; a longer liveness register is refused.",
        ).exactOptional(),
      })
      .exactOptional()
      .meta({ description: "Of its Modbus TCP server." }),
    enip: z.strictObject(server).exactOptional().meta({ description: "Of its EtherNet/IP server." }),
    s7: z.strictObject(server).exactOptional().meta({ description: "Of its S7 server." }),
    opcua: z
      .strictObject({
        ...server,
        maxSessions: fact(
          whole(1, most, "How many."),
          "How many sessions it accepts; counts like connections, for ours could be the last.",
        ).exactOptional(),
        minPublishing: fact(duration("How long."), "The shortest publishing interval it accepts.").exactOptional(),
        maxNodesPerRead: fact(
          whole(1, most, "How many."),
          "How many nodes one Read may ask for; a deep query asks for no more.",
        ).exactOptional(),
      })
      .exactOptional()
      .meta({ description: "Of its OPC UA server." }),
  })
  .meta({ description: "What each protocol of the family bears. A figure here can tighten `connection` and never loosen it." });
