/** Debian's own SNMP agent in a host of the network: without its defaults, read-only, for one community and one user. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Network } from "./netns.ts";
import { waitFor } from "./wait.ts";

export const community = "zugang-77x";
/** Of the user "lector", with SHA-256 and AES. */
export const keys = { auth: "auth-password-1", priv: "priv-password-1" } as const;

/** The only program of the host that listens on UDP port 161; it ends with the network. `more`: lines of its configuration. */
export async function startSnmpAgent(
  network: Network,
  host: string,
  addresses: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  const folder = join(network.folder, "snmpd");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "snmpd.conf");
  const lines = [
    `agentaddress ${addresses.map((address) => `udp:${address}:161`).join(",")}`,
    `rocommunity ${community}`,
    `createUser lector SHA-256 "${keys.auth}" AES "${keys.priv}"`,
    "rouser lector priv",
    "sysName sw-1",
    "sysDescr Managed switch of the wire proof",
    "sysServices 2",
    ...more,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const options = ["-f", "-Lo", "-C", "-c", file, "-I", "-smux", "-p", join(folder, "pid")];
  const agent = network.exec(host, ["snmpd", ...options], { env: { SNMP_PERSISTENT_DIR: folder } });
  let said = "";
  for (const stream of [agent.stdout, agent.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  await waitFor(() => /NET-SNMP version/u.test(said), { what: "snmpd", deadlineMs: 60_000, context: () => said });
}
