/** Makes a server listen at an address, a socket file or a descriptor that systemd has opened, and says where it then is. */
import { chmodSync } from "node:fs";
import { once } from "node:events";
import type { FastifyInstance } from "fastify";
import { isAddress, kindOf, parseAddress } from "../domain/address.ts";
import type { ListenAddress } from "../domain/web.ts";
import { problemWithPlace } from "./socket-file.ts";

/** One place: a descriptor is one of those that `systemd` stands for. */
export type Place = Exclude<ListenAddress, { readonly systemd: true }> | { readonly descriptor: number };

/** The first descriptor that systemd hands over (sd_listen_fds(3)). */
const firstDescriptor = 3;
/** A reverse proxy is let in by the file's group. */
const socketFileMode = 0o660;

export interface Activation {
  readonly LISTEN_PID?: string | undefined;
  readonly LISTEN_FDS?: string | undefined;
}

/** The places behind what the settings name, or a sentence about what systemd did not hand over. */
export function placesOf(
  listen: readonly ListenAddress[],
  { LISTEN_PID, LISTEN_FDS }: Activation,
  own: Processes,
): readonly Place[] | string {
  const places: Place[] = [];
  for (const at of listen) {
    if (!("systemd" in at)) {
      places.push(at);
      continue;
    }
    // The launcher hands them on to the Node that it starts, whose number it cannot know beforehand.
    const ours = LISTEN_PID === String(own.pid) || LISTEN_PID === `launcher ${own.ppid}`;
    const count = ours && /^[1-9]\d?$/u.test(LISTEN_FDS ?? "") ? Number(LISTEN_FDS) : 0;
    if (count === 0)
      return "web.listenAddresses: systemd: found no socket from systemd (LISTEN_PID, LISTEN_FDS); start the service by its .socket unit, or name an address";
    places.push(...Array.from({ length: count }, (_, index) => ({ descriptor: firstDescriptor + index })));
  }
  return places;
}

export interface Processes {
  readonly pid: number;
  readonly ppid: number;
}

/** Where it listens, as `127.0.0.1:9824`, `[::1]:9824` or `unix:/path`; or a sentence about why it does not. */
export async function listenAt(
  app: FastifyInstance,
  at: Place,
  answered: (path: string) => Promise<boolean>,
): Promise<{ readonly address: string } | { readonly problem: string }> {
  const name = "path" in at ? at.path : "host" in at ? `${at.host}:${at.port}` : "systemd";
  const problem = "path" in at ? await problemWithPlace(at.path, answered) : undefined;
  if (problem !== undefined) return { problem: `web.listenAddresses: ${problem}` };
  await app.ready();
  try {
    const listening = once(app.server, "listening");
    app.server.listen("descriptor" in at ? { fd: at.descriptor } : { ...at });
    await listening;
    if ("path" in at) chmodSync(at.path, socketFileMode);
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return { problem: `web.listenAddresses: ${name} cannot be used (${error.message}); free it or choose another` };
  }
  return { address: boundTo(app) ?? ("path" in at ? `unix:${at.path}` : "unix:systemd") };
}

/** Whether others than this machine can reach it, by the address that the kernel says; undefined for a socket file. */
export function boundHost(app: FastifyInstance): string | undefined {
  const bound = app.server.address();
  return typeof bound === "object" && bound !== null ? bound.address : undefined;
}

export function isLoopback(host: string): boolean {
  const address = parseAddress(host);
  return isAddress(address) && kindOf(address) === "loopback";
}

function boundTo({ server }: FastifyInstance): string | undefined {
  const bound = server.address();
  if (typeof bound !== "object" || bound === null) return undefined;
  return bound.address.includes(":") ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}
