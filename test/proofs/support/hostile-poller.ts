/**
 * A poller whose Modbus driver has gone bad: the product as it is, with one entry of its driver registry replaced before it starts.
 * Arguments: the product's folder, the settings file, and JSON of what the driver does wrong at which address.
 */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Driver, Session } from "../../../src/domain/driver.ts";
import type * as Registry from "../../../src/drivers/registry.ts";
import type * as RunPoller from "../../../src/poller/run-poller.ts";
import type * as PollerSignals from "../../../src/poller/signals.ts";
import type { Wire } from "../../../src/domain/wire.ts";

/** What the driver does once it should ask; all but `obeys` and `changes-the-buffer` are to be stopped. */
export type Misdeed =
  | { readonly does: "sends"; readonly hex: string }
  | { readonly does: "obeys" | "changes-the-buffer" | "asks-twice" | "asks-before-the-answer" | "speaks-unasked" }
  | { readonly does: "dials" | "sends-a-datagram"; readonly to: string };

/** FC 43/14, basic, unit 1. */
const lawful = "000100000005012b0e0100";

const [product = "", settingsFile = "", misdeeds = "{}"] = process.argv.slice(2);
const plan = new Map(Object.entries(JSON.parse(misdeeds) as Record<string, Misdeed>));
const load = <Module>(file: string): Promise<Module> => import(pathToFileURL(join(product, file)).href) as Promise<Module>;
const { drivers } = await load<typeof Registry>("src/drivers/registry.ts");
const { runPoller } = await load<typeof RunPoller>("src/poller/run-poller.ts");
const { Signals } = await load<typeof PollerSignals>("src/poller/signals.ts");

(drivers as Map<string, Driver>).set("modbus", {
  ...drivers.get("modbus"),
  protocol: "modbus",
  open: (wire) => Promise.resolve(badSession(wire, plan.get(wire.target.address) ?? { does: "obeys" })),
} as Driver);
process.exitCode = await runPoller({ settingsFile, lab: true }, new Signals(false, (signal, run) => process.on(signal, run)));

function badSession(wire: Wire, misdeed: Misdeed): Session {
  const answered = new Promise<void>((resolve) => wire.onFrame(() => resolve()));
  return {
    async ask() {
      commit(wire, misdeed);
      await answered;
      if (misdeed.does === "asks-twice") wire.send(Buffer.from(lawful, "hex"));
      // Once the exchange is over the connection is kept, and nobody has lent a permit.
      if (misdeed.does === "speaks-unasked") void delay(300).then(() => wire.send(Buffer.from(lawful, "hex")));
      return { said: "alive" };
    },
    leave: () => Promise.resolve(),
  };
}

function commit(wire: Wire, misdeed: Misdeed): void {
  const frame = Buffer.from(lawful, "hex");
  switch (misdeed.does) {
    case "sends":
      return wire.send(Buffer.from(misdeed.hex, "hex"));
    case "changes-the-buffer":
      wire.send(frame);
      // To FC 5, write single coil.
      Buffer.from("000100000006010500ffff", "hex").copy(frame);
      return;
    case "asks-before-the-answer":
      wire.send(frame);
      return wire.send(frame);
    case "dials":
      connect(502, misdeed.to).on("error", () => undefined);
      return wire.send(frame);
    case "sends-a-datagram": {
      const socket = createSocket("udp4").on("error", () => undefined);
      try {
        socket.send("hello", 502, misdeed.to);
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error; // the tripwire has closed it
      }
      return wire.send(frame);
    }
    case "obeys":
    case "asks-twice":
    case "speaks-unasked":
      return wire.send(frame);
  }
}
