/** Whether a request of ours could keep a device's communication watchdog from running out, and so hide the loss of its real master (H17), or the end of our connection trip it (H17b). */
import type { MethodId } from "../../domain/operations.ts";
import type { WatchdogStatement } from "../schema/statements.ts";
import type { FamilyWatchdog } from "./family.ts";
import { functionCodeOf } from "./modbus-codes.ts";

export interface WatchdogQuestion {
  readonly method: MethodId;
  readonly family: FamilyWatchdog;
  /** A serial slave re-arms on any message, more often than not; the end of a connection is its gateway's, not its own. */
  readonly serial: boolean;
  readonly opensConnection: boolean;
  readonly statement: WatchdogStatement | undefined;
}

export interface WatchdogRefusal {
  readonly reason: "statement_missing" | "method_withdrawn";
  /** What was found, what is expected; the caller says where. */
  readonly detail: string;
}

/** Undefined where asking cannot feed it. The owner's statement says how this device is set; a documented any-telegram outweighs all but `none`. */
export function watchdogRefusal({ method, family, serial, opensConnection, statement }: WatchdogQuestion): WatchdogRefusal | undefined {
  if (family.closeCausesFault === "yes" && opensConnection) {
    return withdrawn("the end of a connection can trip a device of this family: nothing that opens one is asked; use passive evidence");
  }
  if (statement === undefined)
    return missing(
      "watchdog is not stated: say what feeds the communication watchdog as it is set in this device (mode, by, on), and with closeCausesFault whether the end of a connection can trip it",
    );
  return (opensConnection ? closingRefusal(family, serial, statement) : undefined) ?? feedingRefusal(method, family, serial, statement);
}

/** Where no document says that a device bears it, only its owner can: on some drives each connection has a timeout of its own. */
function closingRefusal(family: FamilyWatchdog, serial: boolean, { closeCausesFault }: WatchdogStatement): WatchdogRefusal | undefined {
  if (closeCausesFault === true)
    return withdrawn("watchdog.closeCausesFault is true: the end of a connection can trip this device; nothing that opens one is asked");
  if (family.closeCausesFault === "no" || serial || closeCausesFault === false) return undefined;
  return missing(
    "watchdog.closeCausesFault is not stated, and no document of this family says so: look whether a connection that ends or falls silent can trip the device (drives: the fieldbus fault's response), then state false, or true, and it is not asked",
  );
}

function feedingRefusal(
  method: MethodId,
  family: FamilyWatchdog,
  serial: boolean,
  statement: WatchdogStatement,
): WatchdogRefusal | undefined {
  if (statement.mode === "none") return undefined;
  if (family.fedBy === "any-telegram") {
    return withdrawn(
      `any telegram feeds this family's watchdog, and watchdog.mode is ${statement.mode}: expected none (switched off), or no check`,
    );
  }
  switch (statement.mode) {
    case "write-only":
    case "owner-only":
      return undefined;
    case "function-code-mask":
      return maskRefusal(method, statement.functionCodes ?? []);
    case "any-telegram":
      return withdrawn("watchdog.mode is any-telegram: every request would feed it and hide the loss of the real master");
    case "unknown":
      if (family.fedBy === "function-code-mask")
        return missing("watchdog.mode is unknown, and a mask of function codes decides in this family: read the mask and state it");
      if (!family.strict && !serial) return undefined;
      return missing(
        "watchdog.mode is unknown: on drives, I/O couplers, serial devices and devices of no stated kind it must be found out first",
      );
  }
}

function maskRefusal(method: MethodId, fedBy: readonly number[]): WatchdogRefusal | undefined {
  if (fedBy.length === 0) return missing("watchdog.functionCodes is empty: name the function codes that feed the watchdog");
  const code = functionCodeOf(method);
  if (code === undefined || !fedBy.includes(code)) return undefined;
  return withdrawn(`function code ${code} feeds the watchdog (watchdog.functionCodes): choose a method whose code is not in the mask`);
}

function missing(detail: string): WatchdogRefusal {
  return { reason: "statement_missing", detail };
}

function withdrawn(detail: string): WatchdogRefusal {
  return { reason: "method_withdrawn", detail };
}
