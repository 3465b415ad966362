/** Which Modbus function code and register table a method uses, and which reads bytes of an S7 CPU, so that forbidden codes, watchdog masks and registers can be compared. */
import type { MethodId } from "../../domain/operations.ts";
import { s7Space } from "../schema/bytes.ts";
import type { RegisterSpace } from "../schema/register.ts";

interface Use {
  readonly functionCode: number;
  readonly space?: RegisterSpace;
}

const uses: Readonly<Partial<Record<MethodId, Use>>> = {
  "modbus-fc1": { functionCode: 1, space: "coils" },
  "modbus-fc2": { functionCode: 2, space: "discrete-inputs" },
  "modbus-fc3": { functionCode: 3, space: "holding-registers" },
  "modbus-fc4": { functionCode: 4, space: "input-registers" },
  "modbus-fc17": { functionCode: 17 },
  "modbus-fc43": { functionCode: 43 },
};

/** Undefined for other protocols. */
export function functionCodeOf(method: MethodId): number | undefined {
  return uses[method]?.functionCode;
}

/** Which table a method reads, or that it reads bytes of an S7 CPU, and so which methods need a register; undefined for those that read none. */
export function registerSpaceOf(method: MethodId): RegisterSpace | typeof s7Space | undefined {
  if (method === "s7-read") return s7Space;
  return uses[method]?.space;
}
