/** Which sockets the wires made themselves: every other one is stopped by the tripwire. */

const announced = new WeakSet<object>();
let making = false;

/** Before it connects or sends. */
export function announce<S extends object>(socket: S): S {
  announced.add(socket);
  return socket;
}

/** For sockets that are looked at while their constructor still runs, as node:dgram's are. */
export function announceWhileMaking<S extends object>(make: () => S): S {
  making = true;
  try {
    return announce(make());
  } finally {
    making = false;
  }
}

export function isOurs(socket: object): boolean {
  return making || announced.has(socket);
}
