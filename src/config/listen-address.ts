/** Where the web server may listen: an address and a port, a socket file, or what systemd hands over. */
import { isAddress, kindOf, parseAddress } from "../domain/address.ts";
import type { ListenAddress } from "../domain/web.ts";
import { quote, type Complaint } from "./problem.ts";

const expected = "an address and a port, such as 127.0.0.1:9824 or [::1]:9824; unix:/run/watchkeeper/web.sock; or systemd";
/** The kernel takes 107 bytes. */
const socketPathBytesMax = 100;

/** `127.0.0.1:9824`, `[::1]:9824`, `unix:/path`, `systemd`; anything else is a complaint. Whether others may reach it is judged with the web configuration. */
export function parseListenAddress(value: unknown): ListenAddress | Complaint {
  const found = quote(value);
  if (value === "systemd") return { systemd: true };
  if (typeof value === "string" && value.startsWith("unix:")) return socketFile(value.slice("unix:".length), found);
  const [, six, four, digits] = (typeof value === "string" && /^(?:\[([^\]]*)\]|([^:[\]]*)):([1-9]\d{0,4})$/u.exec(value)) || [];
  const host = six ?? four;
  if (host === undefined) return { found, expected };
  const port = Number(digits);
  if (port > 65_535) return { found, expected: "a port from 1 to 65535" };
  if (host === "") return { found, expected, hint: `0.0.0.0:${port} or [::]:${port} for every address of this machine` };
  const address = parseAddress(host);
  if (!isAddress(address)) {
    return { found, expected, hint: host === "localhost" ? "127.0.0.1 instead of the name" : "an address in digits, no name" };
  }
  if ((address.family === 6) !== (six !== undefined)) return { found, expected };
  return listenable.has(kindOf(address)) ? { host: address.text, port } : { found, expected: "an address that a machine can have" };
}

const listenable: ReadonlySet<ReturnType<typeof kindOf>> = new Set(["loopback", "unicast", "unspecified"] as const);

function socketFile(path: string, found: string): ListenAddress | Complaint {
  if (!/^\/[^\p{Cc}\p{Cs}]+[^/\p{Cc}\p{Cs}]$/u.test(path)) return { found, expected: "unix: and an absolute path of a file" };
  const bytes = Buffer.byteLength(path);
  if (bytes <= socketPathBytesMax) return { path };
  return {
    found: `${found}, a path of ${bytes} bytes`,
    expected: `at most ${socketPathBytesMax} bytes`,
    hint: "a folder nearer to the root",
  };
}

/** As it is written. */
export function listenText(at: ListenAddress): string {
  if ("systemd" in at) return "systemd";
  if ("path" in at) return `unix:${at.path}`;
  return at.host.includes(":") ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`;
}
