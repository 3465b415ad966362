/** Asks for an echo and says that it came: ICMP has nothing more to tell. */
import type { Driver } from "../../domain/driver.ts";
import { echoRequest, type EchoAsk } from "./methods.ts";

export const icmpDriver: Driver<EchoAsk> = {
  protocol: "icmp",
  prepare: () => Promise.resolve(),
  open: (wire) => {
    let heard: (() => void) | undefined;
    wire.onFrame(() => heard?.());
    return Promise.resolve({
      // Never settles where no echo comes: the wire ends it.
      ask: () =>
        new Promise((resolve) => {
          heard = () => resolve({ said: "alive" });
          wire.send(Uint8Array.from(echoRequest));
        }),
      leave: () => {
        heard = undefined;
        return Promise.resolve();
      },
    });
  },
};
