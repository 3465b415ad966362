/** The shape of one check of a watchlist: by which method a device is asked, for what, and how often. */
import { z } from "zod";
import { answerWithinMax, connectWithinMax } from "../../domain/limits.ts";
import { methodIds, type MethodId } from "../../domain/operations.ts";
import type { PortUp } from "../../domain/plan.ts";
import type { Milliseconds } from "../../domain/units.ts";
import { securitySchema, type SecurityEntry } from "./security.ts";
import { duration, id, oneOf, text, whole } from "./common.ts";

export interface WatchlistCheck {
  readonly method: MethodId;
  readonly unitId?: number;
  /** The id of a liveness register of the profile. */
  readonly register?: string;
  /** Ports of a switch that are expected to be up. */
  readonly portsUp?: readonly PortUp[];
  /** The id of a credential. */
  readonly credentials?: string;
  /** Absent: none. */
  readonly security?: SecurityEntry;
  /** Absent: the method's own. */
  readonly transport?: "udp" | "tcp";
  readonly interval?: Milliseconds;
  readonly connectWithin?: Milliseconds;
  readonly answerWithin?: Milliseconds;
  readonly missesToDown?: number;
}

const readableMethod = oneOf(methodIds, "How the device is asked.");

const unitExpected = "a unit id from 1 to 247, or 255 for the device itself";
const registerExpected = "the id of a liveness register: its address stands under `liveness:` in this site's profile file";

const portUp: z.ZodType<PortUp> = z
  .strictObject({
    ifIndex: whole(1, 2 ** 31 - 1, "The port's ifIndex."),
    name: text("What hangs on it, for people; the ifIndex where left out.").exactOptional(),
  })
  .transform(({ ifIndex, name }): PortUp => ({ ifIndex, name: name ?? `port ${ifIndex}` }))
  .meta({ description: "A port of a switch." });

export const checkSchema: z.ZodType<WatchlistCheck> = z
  .strictObject({
    method: readableMethod,
    unitId: z
      .int({ error: unitExpected })
      .min(1, { error: unitExpected })
      .refine((value) => value <= 247 || value === 255, { error: unitExpected })
      .exactOptional()
      .meta({ description: "Modbus unit id, 1 to 247, or 255 where the device itself is addressed." }),
    register: id(
      "The id of one of the profile's liveness registers; their addresses stand there, not here.",
      registerExpected,
    ).exactOptional(),
    portsUp: z
      .array(portUp, { error: "a list of {ifIndex, name}" })
      .min(1, { error: "at least one port, or no portsUp" })
      .max(16, { error: "at most 16 ports a check" })
      .refine((ports) => new Set(ports.map(({ ifIndex }) => ifIndex)).size === ports.length, { error: "each ifIndex once" })
      .exactOptional()
      .meta({ description: "Ports of a switch that are expected to be up: one that is down makes it degraded, and is named." }),
    security: securitySchema.exactOptional(),
    credentials: id(
      "The id of one of the credentials: what lets Watchkeeper in stands there, not here.",
      "the id of a credential of the file that the setting credentials names",
    ).exactOptional(),
    transport: oneOf(
      ["udp", "tcp"],
      "What it goes over, where the method knows more than one way: List Identity over udp (left out) or tcp.",
    ).exactOptional(),
    interval: duration("How often. 60s where it is left out; never less than the floor and the profile allow.").exactOptional(),
    connectWithin: duration("How long to wait for a connection.")
      .refine((span) => span <= connectWithinMax, { error: `at most ${connectWithinMax / 1000}s` })
      .exactOptional(),
    answerWithin: duration("How long to wait for the answer.")
      .refine((span) => span <= answerWithinMax, { error: `at most ${answerWithinMax / 1000}s` })
      .exactOptional(),
    missesToDown: whole(2, 100, "After how many misses in a row the device is down.").exactOptional(),
  })
  .meta({ description: "One way in which the device is asked." });
