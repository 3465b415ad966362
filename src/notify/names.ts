/** Names to addresses without the system's resolver, which may ask on any interface: the file /etc/hosts, then the name servers that a person named. */
import { promises } from "node:dns";
import { isAddress, parseAddress } from "../domain/address.ts";

export type Resolved = { readonly addresses: readonly string[] } | { readonly problem: string };

export interface NameParts {
  /** The content of /etc/hosts. */
  readonly hosts: () => string;
  readonly nameServers: readonly string[];
  /** Why nothing may be sent there; undefined when it may. Looked at right before each question. */
  readonly forbidden: (address: string) => string | undefined;
}

/** Two tries of 3 s each to a server. */
const askWithinMs = 3000;
const tries = 2;

export async function resolveName(name: string, { hosts, nameServers, forbidden }: NameParts): Promise<Resolved> {
  if (isAddress(parseAddress(name))) return { addresses: [name] };
  const local = addressesIn(hosts(), name);
  if (local.length > 0) return { addresses: local };
  if (nameServers.length === 0)
    return {
      problem: `${name}: found no such name in /etc/hosts and no nameServers in notify.yaml; expected an address, a line there, or a name server`,
    };
  const refusals = nameServers.flatMap((server) => forbidden(server) ?? []);
  if (refusals.length > 0) return { problem: `name server: ${refusals.join("; ")}` };
  return asked(name, nameServers);
}

async function asked(name: string, servers: readonly string[]): Promise<Resolved> {
  const resolver = new promises.Resolver({ timeout: askWithinMs, tries });
  resolver.setServers(servers.map((server) => (server.includes(":") ? `[${server}]` : server)));
  const failures: string[] = [];
  for (const ask of [() => resolver.resolve4(name), () => resolver.resolve6(name)]) {
    try {
      return { addresses: await ask() };
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      failures.push(String(error.code));
    }
  }
  return { problem: `${name}: no name server knows it (${[...new Set(failures)].join(", ")})` };
}

/** `192.0.2.1 mail.ship.example mail # comment` */
export function addressesIn(hosts: string, name: string): readonly string[] {
  return hosts.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*$/u, "").trim().split(/\s+/u);
    const fits = names.some((one) => one.toLowerCase() === name.toLowerCase()) && isAddress(parseAddress(address));
    return fits ? [address] : [];
  });
}
