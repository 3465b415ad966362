/** The shape of `forbidden:` in a profile: what is never asked of a family, and what must never reach it by anybody's hand. */
import { z } from "zod";
import { operations, type Operation } from "../../domain/operations.ts";
import { oneOf, text, whole } from "./common.ts";
import { sourceIds } from "./facts.ts";
import { withRegisters, type RegisterRange } from "./register.ts";

interface Why {
  readonly reason: string;
  /** Ids of the profile's `sources`. */
  readonly sources: readonly string[];
}

/** Never asked, whatever a site file or a check says; registers in both tables of their kind, where `registerTables` does not keep them apart. */
export type Forbidden =
  | (RegisterRange & Why & { readonly kind: "registers" })
  | (Why & { readonly kind: "function-code"; readonly functionCode: number })
  | (Why & { readonly kind: "port"; readonly port: number })
  /** A request that this product could send. */
  | (Why & { readonly kind: "operation"; readonly operation: Operation })
  /** What this product cannot send at all; for people. */
  | (Why & { readonly kind: "service"; readonly service: string })
  | (Why & { readonly kind: "discovery"; readonly discovery: string });

const why = { reason: text("Why."), sources: sourceIds };
const operationNames = Object.keys(operations) as [Operation, ...Operation[]];

export const forbidden: z.ZodType<readonly Forbidden[], unknown> = z
  .array(
    z.discriminatedUnion("kind", [
      withRegisters({ kind: z.literal("registers").meta({ description: "Registers." }), ...why }),
      z.strictObject({
        kind: z.literal("function-code").meta({ description: "A Modbus function code." }),
        functionCode: whole(1, 127, "The function code."),
        ...why,
      }),
      z.strictObject({ kind: z.literal("port").meta({ description: "A port." }), port: whole(1, 65_535, "The port."), ...why }),
      z.strictObject({
        kind: z.literal("operation").meta({ description: "A request that Watchkeeper could send; no method that needs it is asked." }),
        operation: oneOf(operationNames, "The request."),
        ...why,
      }),
      z.strictObject({
        kind: z.literal("service").meta({ description: "A service that Watchkeeper cannot send at all; for people." }),
        service: text("The service."),
        ...why,
      }),
      z.strictObject({
        kind: z.literal("discovery").meta({ description: "A discovery that Watchkeeper cannot send at all; for people." }),
        discovery: text("The discovery."),
        ...why,
      }),
    ]),
    { error: "a list of {kind, …, reason}" },
  )
  .default([])
  .meta({
    description:
      "What is never asked of this family, whatever a site file or a check says. A register range covers both register tables, or both bit tables, unless the profile's registerTables is distinct.",
  });
