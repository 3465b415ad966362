/**
 * A simulated serial gateway inside a host. Argument: JSON of startSerialGateway's options. Prints {"event":"listening"} once it does, and
 * {"event":"counts", …} whenever it is told anything.
 */
import { createInterface } from "node:readline";
import { startSerialGateway, type SerialGatewayOptions } from "../../../simulators/modbus/gateway.ts";

const gateway = await startSerialGateway(JSON.parse(process.argv[2] ?? "{}") as SerialGatewayOptions);
console.log(JSON.stringify({ event: "listening" }));
createInterface({ input: process.stdin }).on("line", () => {
  const { timesByUnit, requestsByUnit, ...counts } = gateway.counts;
  const byUnit = { timesByUnit: Object.fromEntries(timesByUnit), requestsByUnit: Object.fromEntries(requestsByUnit) };
  console.log(JSON.stringify({ event: "counts", ...counts, ...byUnit }));
});
