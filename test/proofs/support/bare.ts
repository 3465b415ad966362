/** Starts the bare programs the product is measured against inside a host. */
import type { BareClientSettings } from "./bare-client.ts";
import type { Network } from "./netns.ts";
import { runUnder, type Script } from "./run-under.ts";

/** Modbus function code 43/14, basic identification from object 0, unit 1, transaction 1: 11 bytes. */
export const identificationRequestHex = "000100000005012b0e0100";

const defaults: Omit<BareClientSettings, "address"> = {
  port: 502,
  requestHex: identificationRequestHex,
  connectTimeoutMs: 800,
  replyTimeoutMs: 5000,
  waitToAsk: false,
  onSilence: "reset",
  byteByByte: false,
};

/** The bare Modbus client; by default it asks once for the identification, with the product's own timeouts. */
export function startBareClient(
  network: Network,
  host: string,
  settings: Partial<BareClientSettings> & { readonly address: string },
): Script {
  return runUnder(network, host, new URL("bare-client.ts", import.meta.url), { args: [JSON.stringify({ ...defaults, ...settings })] });
}

/** Sends exactly `count` UDP datagrams. */
export function startBareSender(network: Network, host: string, address: string, port: number, count: number): Script {
  return runUnder(network, host, new URL("bare-sender.ts", import.meta.url), { args: [address, String(port), String(count)] });
}
