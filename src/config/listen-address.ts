/** Where the web server may listen: loopback, until there is TLS and authentication. */
import { isAddress, kindOf, parseAddress } from "../domain/address.ts";
import type { ListenAddress } from "./loaded-site.ts";
import { quote, type Complaint } from "./problem.ts";

const expected = "a loopback address and a port, such as 127.0.0.1:9824 or [::1]:9824";
const wider =
  "there is no TLS and no authentication yet: keep loopback and let a reverse proxy on this machine serve others, or scrape through an SSH tunnel";

/** `127.0.0.1:9824`, `[::1]:9824`; anything else is a complaint. */
export function parseListenAddress(value: unknown): ListenAddress | Complaint {
  const found = quote(value);
  const [, six, four, digits] = (typeof value === "string" && /^(?:\[([^\]]*)\]|([^:[\]]*)):([1-9]\d{0,4})$/u.exec(value)) || [];
  const host = six ?? four;
  if (host === undefined) return { found, expected };
  const port = Number(digits);
  if (port > 65_535) return { found, expected: "a port from 1 to 65535" };
  const address = parseAddress(host);
  if (!isAddress(address)) {
    return { found, expected, hint: host === "localhost" ? "127.0.0.1 instead of the name" : "an address in digits, no name" };
  }
  if ((address.family === 6) !== (six !== undefined)) return { found, expected };
  return kindOf(address) === "loopback" ? { host: address.text, port } : { found, expected, hint: wider };
}
