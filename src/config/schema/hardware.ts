/** The shape of a piece of hardware with several addresses: one line, one pool of connections. */
import { z } from "zod";
import type { DeviceId } from "../../domain/plan.ts";
import { id } from "./common.ts";

export interface HardwareEntry {
  readonly id: string;
  readonly devices: readonly DeviceId[];
}

export const hardwareSchema: z.ZodType<HardwareEntry> = z
  .strictObject({
    id: id("The hardware's id."),
    devices: z
      .array(id<DeviceId>("A device of this list."), { error: "a list of device ids" })
      .min(2, { error: "at least two devices" })
      .meta({ description: "The devices that are one piece of hardware: one line, one pool of connections." }),
  })
  .meta({ description: "Several addresses of one piece of hardware." });
