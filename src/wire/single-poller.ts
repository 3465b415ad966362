/** One poller in a network namespace: whoever holds the abstract socket polls, the kernel lets it go with the process. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

export interface Claim {
  release(): Promise<void>;
}

/** `takenBy` and `unsupported` are lines for a person. */
export type Claimed = Claim | { readonly takenBy: string } | { readonly unsupported: string };

export const namespaceName = "\0watchkeeper";

/** Lab pollers meet no device: one for each state folder, so that tests do not stand in each other's way. */
export function labNamespaceName(stateDir: string): string {
  return `${namespaceName}-lab:${createHash("sha256").update(stateDir).digest("hex").slice(0, 32)}`;
}

/**
 * An abstract socket (Linux, unix(7)) belongs to the network namespace, leaves no file behind and cannot go stale. The claim does not keep
 * the process alive. Rejects on anything but a name that is taken: without knowing, no poller may start.
 */
export async function claimNamespace(name: string): Promise<Claimed> {
  if (process.platform !== "linux") {
    return { unsupported: `one poller a network namespace can be made sure of on Linux only, this is ${process.platform}` };
  }
  const server = createServer((visitor) => visitor.destroy());
  server.listen({ path: name });
  try {
    await once(server, "listening");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    const shown = name.replace("\0", "@");
    const holder = `another process holds the socket ${shown} of this network namespace; \`ss -xlp src ${shown}\` names it`;
    return { takenBy: `another poller runs here already, and only one may: ${holder}. \`watchkeeper status\` asks it how it fares` };
  }
  server.unref();
  return {
    release: () => new Promise((resolve, reject) => void server.close((error) => (error ? reject(error) : resolve()))),
  };
}
