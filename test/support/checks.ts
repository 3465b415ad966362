/** Checks written down by hand, with the frames that the Modbus method itself makes. */
import type { Check, CheckId, DeviceId, Framing, LineId, SerialSettings } from "../../src/domain/plan.ts";
import type { MethodInput } from "../../src/domain/driver.ts";
import type { MethodId } from "../../src/domain/operations.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { modbusMethods, type ModbusAsk } from "../../src/drivers/modbus/methods.ts";

export interface ModbusCheckOptions {
  readonly address?: string;
  readonly port: number;
  /** "modbus-fc43" unless said otherwise. */
  readonly method?: MethodId;
  readonly register?: NonNullable<MethodInput["register"]>;
  readonly framing?: Framing;
  readonly unitId?: number;
  readonly connection?: "fresh" | "kept";
  readonly connectWithinMs?: number;
  readonly localAddress?: string;
  /** With `address` the device file: over a serial port. */
  readonly serial?: SerialSettings;
}

/** Of one device on loopback; FC 43/14, basic, unless said otherwise. */
export function modbusCheck(options: ModbusCheckOptions): Check<ModbusAsk> {
  const { address = "127.0.0.1", port, unitId = 1, connection = "fresh", connectWithinMs = 800, localAddress, register, framing } = options;
  const method = modbusMethods.find(({ id }) => id === (options.method ?? "modbus-fc43"));
  const parsed = method?.parse({ unitId, ...(register && { register }), ...(framing && { framing }) });
  if (!method || !parsed || !("ask" in parsed)) throw new Error(`no such check for unit ${unitId}: ${JSON.stringify(parsed)}`);
  const { ask } = parsed;
  return {
    id: `plc/${method.id}` as CheckId,
    device: "plc" as DeviceId,
    method: method.id,
    protocol: method.protocol,
    target: options.serial
      ? { address, port, transport: "serial", serial: options.serial }
      : { address, port, transport: method.transport, ...(localAddress === undefined ? {} : { localAddress }) },
    ...(framing && { framing }),
    line: `address:${address}` as LineId,
    interval: milliseconds(60_000),
    slot: milliseconds(0),
    missesToDown: 3,
    connection,
    connectWithin: milliseconds(connectWithinMs),
    answerWithin: milliseconds(5000),
    ask,
    opening: method.opening(ask),
    asking: method.asking(ask),
    closing: method.closing(ask),
    proves: method.proves,
    approvedUntil: wallMs(Date.parse("2028-02-21")),
    digest: "sha256:test",
  };
}
