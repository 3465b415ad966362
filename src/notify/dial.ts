/** The notifier's only door: every connection it opens is opened here, to an address that was looked at right before. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { isAddress, parseAddress } from "../domain/address.ts";
import type { Clock } from "../domain/clock.ts";
import { after, type Milliseconds } from "../domain/units.ts";
import { resolveName, type NameParts } from "./names.ts";

export type Dialled = { readonly socket: Socket } | { readonly problem: string };

export interface Place {
  readonly host: string;
  readonly port: number;
  /** Absent: in the clear. */
  readonly tls?: { readonly ca?: string };
}

export interface DialParts extends NameParts {
  readonly clock: Clock;
}

/** A socket that is connected, and whose peer has proved its name where TLS is asked for. Never throws for what the network does. */
export async function dial({ host, port, tls }: Place, within: Milliseconds, parts: DialParts): Promise<Dialled> {
  const resolved = await resolveName(host, parts);
  if ("problem" in resolved) return resolved;
  // One address of a name in an OT segment is enough: nobody knows which of them is meant.
  for (const address of resolved.addresses) {
    const refusal = parts.forbidden(address);
    if (refusal !== undefined) return { problem: host === address ? refusal : `${host}: ${refusal}` };
  }
  const [address] = resolved.addresses;
  if (address === undefined) return { problem: `${host}: it has no address` };
  const tcp = connectTcp({ host: address, port, noDelay: true });
  const plain = await ready(tcp, "connect", `${host}:${port}`, within, parts.clock);
  if ("problem" in plain || !tls) return plain;
  return ready(secured(tcp, host, tls), "secureConnect", `${host}:${port}, TLS`, within, parts.clock);
}

/** Waits at most so long for what a socket promises; a problem where it does not come. */
export function settledWithin<T>(clock: Clock, within: Milliseconds, late: T, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.at(after(clock.monotonic(), within), () => resolve(late));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

function secured(socket: Socket, host: string, { ca }: { readonly ca?: string }): TLSSocket {
  const name = isAddress(parseAddress(host)) ? {} : { servername: host };
  return connectTls({ socket, host, minVersion: "TLSv1.2", ...name, ...(ca !== undefined && { ca }) });
}

async function ready(
  socket: Socket,
  event: "connect" | "secureConnect",
  where: string,
  within: Milliseconds,
  clock: Clock,
): Promise<Dialled> {
  const settled = new Promise<Dialled>((resolve) => {
    socket.once(event, () => resolve({ socket }));
    socket.once("error", (error) => resolve({ problem: `${where}: ${error.message}` }));
    socket.once("close", () => resolve({ problem: `${where}: the connection was closed` }));
  });
  const dialled = await settledWithin<Dialled>(clock, within, { problem: `${where}: no answer within ${within / 1000} s` }, settled);
  // Errors that come later are the user's affair, who may come a tick later.
  if ("problem" in dialled) socket.destroy();
  socket.on("error", () => undefined);
  return dialled;
}
