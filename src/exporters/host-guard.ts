/** Keeps web pages from reaching the poller through a browser on this machine: DNS rebinding and foreign forms. */

export interface RequestOrigin {
  readonly method: string;
  /** The Host header. */
  readonly host: string | undefined;
  /** The Origin header. */
  readonly origin: string | undefined;
  /** The Sec-Fetch-Site header, which only a browser sends. */
  readonly fetchSite: string | undefined;
}

/** What this server is called. */
export interface OwnNames {
  readonly scheme: "http" | "https";
  /** In lower case; `*.ship.example` stands for one label before it. */
  readonly names: readonly string[];
}

/**
 * Why the request is refused, or undefined. Host must be a loopback name, an address we listen on, or a name that our certificate or the
 * settings give us, whatever its port (an SSH tunnel has another): a page that points its own name at us still sends its own name.
 * A POST from a page must come from ours.
 */
export function refusedBecause({ method, host, origin, fetchSite }: RequestOrigin, { scheme, names }: OwnNames): string | undefined {
  const name = nameIn(host ?? "");
  if (name === undefined) return "found no usable Host header";
  if (!loopback.includes(name) && !names.some((own) => covers(own, name)))
    return "found a foreign Host header, expected a loopback name, the address this server listens on, a name of its certificate or one of web.hosts in its settings";
  if (method === "GET" || method === "HEAD") return undefined;
  if (origin !== undefined && origin.toLowerCase() !== `${scheme}://${(host ?? "").toLowerCase()}`)
    return "found the Origin of another page";
  if (fetchSite !== undefined && fetchSite !== "same-origin" && fetchSite !== "none") return "found a request of another page";
  return undefined;
}

const loopback: readonly string[] = ["localhost", "127.0.0.1", "::1"];

/** `[::1]:9824` gives `::1`, `Localhost:1` gives `localhost`. */
function nameIn(host: string): string | undefined {
  const [, six, other] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/iu.exec(host) ?? [];
  return (six ?? other)?.toLowerCase();
}

function covers(own: string, name: string): boolean {
  if (!own.startsWith("*.")) return own === name;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === own.slice(1);
}
