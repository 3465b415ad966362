/** What the inventory knows of a device: shown to people, never sent. */
import { z } from "zod";
import { optionalText } from "./common.ts";

export interface Asset {
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly firmware: string | null;
  readonly serial: string | null;
  readonly location: string | null;
}

export const asset: z.ZodType<Asset, unknown> = z
  .strictObject({
    manufacturer: optionalText("Manufacturer."),
    model: optionalText("Model or order number."),
    firmware: optionalText("Firmware as the inventory has it, in quotes."),
    serial: optionalText("Serial number, in quotes."),
    location: optionalText("Where it stands."),
  })
  .meta({ description: "What the inventory knows of the device; shown, never sent." });
export const noAsset: Asset = { manufacturer: null, model: null, firmware: null, serial: null, location: null };
