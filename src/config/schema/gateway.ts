/** A serial bus in the watchlist: behind a gateway's address, or on a port of the poller's own machine. */
import { z } from "zod";
import type { SegmentId, SerialSettings } from "../../domain/plan.ts";
import type { Milliseconds } from "../../domain/units.ts";
import { address, duration, id, matching, oneOf, whole } from "./common.ts";
import { connectionPool, otherClients, type ConnectionPool, type OtherClient } from "./statements.ts";

export interface GatewayEntry {
  readonly id: string;
  /** Exactly one of `address` and `serialPort` is there (checked). */
  readonly address?: string;
  readonly port: number;
  /** Absent: Modbus TCP. */
  readonly framing?: "rtu-over-tcp";
  /** A port of the poller's own machine, on whose bus it is the only master. */
  readonly serialPort?: SerialPortEntry;
  /** With `serialPort`, the one in whose zone and budget the bus counts; nothing is sent into it. */
  readonly segment: SegmentId;
  readonly responseTimeout: Milliseconds;
  /** What the gateway repeats on its serial side by itself. */
  readonly retries: number;
  readonly unitCount: number;
  /** Absent: not stated, which is a refusal, never zero. */
  readonly otherClients?: readonly OtherClient[];
  readonly connectionPool?: ConnectionPool;
}

export interface SerialPortEntry extends SerialSettings {
  /** `/dev/ttyUSB0`, or better a name that stays: `/dev/serial/by-id/…`. */
  readonly device: string;
}

const baudRates = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200];

export const gatewaySchema: z.ZodType<GatewayEntry> = z
  .strictObject({
    id: id("The gateway's id."),
    address: address("Its one address; or serialPort.").exactOptional(),
    serialPort: z
      .strictObject({
        device: matching(/^\/dev(\/[A-Za-z0-9_.:+-]+)+$/u, "a device file such as /dev/serial/by-id/usb-…", "The port's device file."),
        baudRate: z.literal(baudRates, { error: `one of ${baudRates.join(", ")}` }).meta({ description: "Bits per second." }),
        parity: oneOf(["none", "even", "odd"], "even by the standard."),
        stopBits: z.literal([1, 2], { error: "1 or 2" }).meta({ description: "1 with a parity bit; by the standard 2 without." }),
      })
      .exactOptional()
      .meta({ description: "A serial port of this machine, in place of address: Watchkeeper is then the bus's only master." }),
    port: whole(1, 65_535, "Its TCP port.").default(502),
    framing: oneOf(
      ["rtu-over-tcp"],
      "rtu-over-tcp: it takes raw RTU frames with their CRC. Left out, it speaks Modbus TCP, as nearly all do.",
    ).exactOptional(),
    segment: id<SegmentId>("The segment its address lies in."),
    responseTimeout: duration("How long the gateway waits for a unit on its serial side."),
    retries: whole(0, 10, "How often the gateway repeats a request on its serial side by itself."),
    unitCount: whole(1, 247, "How many units stand on the bus."),
    otherClients,
    connectionPool: connectionPool.exactOptional(),
  })
  .meta({ description: "A serial bus behind an address or on a port of this machine: one line, one request at a time." });
