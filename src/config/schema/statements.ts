/** What only the owner of a device knows, as the watchlist states it: other clients, connections, watchdog, firmware. */
import { z } from "zod";
import type { S7ConnectionType } from "../../domain/s7.ts";
import { date, oneOf, text, whole, type IsoDate } from "./common.ts";

export interface OtherClient {
  readonly name: string;
  readonly connections: number;
}

export const overflows = ["rejects", "evicts-oldest", "evicts-idle", "unknown"] as const;
/** What a device does with one connection too many; `unknown` counts as evicts-oldest. */
export type Overflow = (typeof overflows)[number];

export interface ConnectionPool {
  readonly size: number;
  readonly overflow: Overflow;
  readonly source: string;
}

export const watchdogModes = ["none", "write-only", "owner-only", "any-telegram", "function-code-mask", "unknown"] as const;
/** What keeps the device's communication watchdog from running out. */
export type WatchdogMode = (typeof watchdogModes)[number];

export interface WatchdogStatement {
  readonly mode: WatchdogMode;
  /** The function codes that feed it; there when and only when the mode is function-code-mask (checked). */
  readonly functionCodes?: readonly number[];
  /** Whether the end, or the silence, of a connection can trip this device; absent: not stated. */
  readonly closeCausesFault?: boolean;
  readonly by: string;
  readonly on: IsoDate;
}

export interface FirmwareStatement {
  readonly version: string;
  readonly by: string;
  readonly on: IsoDate;
}

/** The owner has looked: an OP resource of this CPU is free, and no panel needs it. Without it an S7 CPU is asked as S7-basic. */
export interface S7ConnectionTypeStatement {
  readonly type: S7ConnectionType;
  readonly by: string;
  readonly on: IsoDate;
  readonly reason: string;
}

/** What only the owner knows. An absent one is a refusal where the profile asks for it. */
export interface Statements {
  readonly otherClients?: readonly OtherClient[];
  readonly connectionPool?: ConnectionPool;
  readonly watchdog?: WatchdogStatement;
  readonly firmware?: FirmwareStatement;
  readonly s7ConnectionType?: S7ConnectionTypeStatement;
}

const otherClient: z.ZodType<OtherClient> = z
  .union(
    [
      text("A client that holds one connection.").transform((name) => ({ name, connections: 1 })),
      z.strictObject({
        name: text("The client."),
        connections: whole(1, 1000, "How many connections it holds."),
      }),
    ],
    { error: "the name of a client, or {name, connections}" },
  )
  .meta({ description: "A client that keeps a connection: its name, or name and number of connections." });

export const otherClients: z.ZodExactOptional<z.ZodType<readonly OtherClient[]>> = z
  .array(otherClient, { error: "a list of clients, [] where there are none" })
  .exactOptional()
  .meta({ description: "Every other client of the device (SCADA, HMI, historian). [] says there are none; leaving it out says nothing." });

export const connectionPool: z.ZodType<ConnectionPool> = z
  .strictObject({
    size: whole(1, 10_000, "How many connections the device accepts."),
    overflow: oneOf(overflows, "What it does with one connection too many."),
    source: text("Where this is documented."),
  })
  .meta({ description: "The only way an owner may raise the number of connections that a profile assumes." });

const watchdog: z.ZodType<WatchdogStatement> = z
  .strictObject({
    mode: oneOf(watchdogModes, "What keeps the device's communication watchdog from running out, as it is set in this device."),
    functionCodes: z
      .array(whole(1, 127, "A function code."), { error: "a list of function codes" })
      .min(1, { error: "at least one function code" })
      .exactOptional()
      .meta({ description: "The function codes that feed the watchdog; only with mode function-code-mask." }),
    closeCausesFault: z.boolean({ error: "true or false" }).exactOptional().meta({
      description:
        "Whether a connection that ends or falls silent can trip this device, as some drives do. Needed wherever a connection is opened and the profile documents nothing; true: none is opened.",
    }),
    by: text("Who looked."),
    on: date("When."),
  })
  .meta({ description: "What the owner found out about the device's communication watchdog." });

export const statementsSchema: z.ZodType<Statements, unknown> = z
  .strictObject({
    otherClients,
    connectionPool: connectionPool.exactOptional(),
    watchdog: watchdog.exactOptional(),
    firmware: z
      .strictObject({ version: text("The version."), by: text("Who looked."), on: date("When.") })
      .exactOptional()
      .meta({ description: "The firmware that runs, where the profile makes a difference between versions." }),
    s7ConnectionType: z
      .strictObject({
        type: oneOf(["basic", "op"], "basic (S7-basic) is what is used anyway; op takes one of the resources that belong to panels."),
        by: text("Who looked."),
        on: date("When."),
        reason: text("Why S7-basic does not do, and how it is known that an OP resource is free."),
      })
      .exactOptional()
      .meta({ description: "As whom an S7 CPU is asked. A programming device (PG) it can never be." }),
  })
  .meta({ description: "What only the owner knows. What is left out is a refusal where the profile asks for it, never zero." });
