/** Speaks OPC UA through node-opcua's secure channel alone; its client, its sessions, its reconnections and its publish engine are not used. */
import type { Driver } from "../../domain/driver.ts";
import { EndpointsSession } from "./endpoints.ts";
import { HelloSession } from "./hello.ts";
import { loaded } from "./library.ts";
import type { OpcuaAsk } from "./methods.ts";
import { ownKeys, type OwnKeys } from "./own-keys.ts";
import { securedBy } from "./secured.ts";
import { KeptSession } from "./session.ts";

/** A driver with keys of its own, which it has once a plan wants them. */
export function opcuaDriverFrom(): Driver<OpcuaAsk> {
  let own: OwnKeys | undefined;
  return {
    protocol: "opcua",
    async prepare(needs) {
      const library = await loaded();
      const secured = needs?.asks.some((ask) => "security" in ask && ask.security !== undefined) ?? false;
      // Anew with each plan: a certificate that was taken away, because it ends, is made again.
      if (needs && secured) own = await ownKeys(library, needs);
    },
    async open(wire, ask, credential) {
      switch (ask.what) {
        case "hello":
          return new HelloSession(wire, ask);
        case "endpoints":
          return EndpointsSession.open(wire, await loaded(), ask);
        case "keepalive":
        case "read":
          return KeptSession.open({ wire, library: await loaded(), ask, secured: securedBy(ask, own), credential });
      }
    },
  };
}

export const opcuaDriver: Driver<OpcuaAsk> = opcuaDriverFrom();
