/** Reads an Unconnected_Send: a message, and the slot of the backplane to which it is to be passed on (CIP Vol 1, 3-5.5.4). */

export const unconnectedSend = 0x52;
/** Class 6, instance 1: the Connection Manager. */
const managerPath = Buffer.from([0x20, 0x06, 0x24, 0x01]);
const backplanePort = 1;

export interface Routed {
  readonly slot: number;
  readonly message: Buffer;
}

/** Undefined for a message that is none, or whose route is not one slot of the backplane. */
export function routedBy(message: Buffer): Routed | undefined {
  if (message.length < 10 || message[0] !== unconnectedSend || message[1] !== 2 || !message.subarray(2, 6).equals(managerPath))
    return undefined;
  const length = message.readUInt16LE(8);
  const routeAt = 10 + length + (length % 2);
  if (length < 2 || message.length !== routeAt + 4) return undefined;
  const [words, , port, slot] = message.subarray(routeAt);
  return words === 1 && port === backplanePort ? { slot: slot!, message: message.subarray(10, 10 + length) } : undefined;
}
