/** Speaks OPC UA through node-opcua's secure channel alone; its client, its sessions, its reconnections and its publish engine are not used. */
import type { Driver } from "../../domain/driver.ts";
import { HelloSession } from "./hello.ts";
import { loaded } from "./library.ts";
import type { OpcuaAsk } from "./methods.ts";
import { KeptSession } from "./session.ts";

export const opcuaDriver: Driver<OpcuaAsk> = {
  protocol: "opcua",
  async prepare() {
    await loaded();
  },
  async open(wire, ask) {
    return ask.what === "hello" ? new HelloSession(wire) : KeptSession.open(wire, await loaded(), ask);
  },
};
